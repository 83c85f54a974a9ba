"""Where the Ingress and the VirtualServices lead, and what they may do twice, held to the routes of spin.toml."""

import re
import tomllib

from manifests import ROOT, of

APP = tomllib.loads((ROOT / "spin.toml").read_text())
# Paths that no person asks for: Istio's gateway answers them by itself.
INTERNAL = {"/api/memos/erasure", "/api/memos/maintenance", "/api/auth/maintenance", "/.well-known/spin/info"}
# What may have been done although no answer came.
UNCLEAR = {"reset", "gateway-error", "5xx"}


def samples():
    """Paths of each route, and the component that they belong to."""
    for trigger in APP["trigger"]["http"]:
        route = trigger["route"].replace("/:directory/", "/.well-known/")
        if route.endswith("/..."):
            base = route.removesuffix("/...")
            yield base or "/", trigger["component"]
            yield f"{base}/some/where", trigger["component"]
        else:
            yield route, trigger["component"]


def led_by_ingress(ingress, path):
    """The Service that the longest matching rule names."""
    found = []
    for rule in ingress["spec"]["rules"][0]["http"]["paths"]:
        prefix = rule["path"].rstrip("/")
        exact = rule["pathType"] == "Exact"
        if path == rule["path"] or (not exact and (path == prefix or path.startswith(f"{prefix}/"))):
            found.append((len(rule["path"]), rule["backend"]["service"]["name"]))
    return max(found)[1] if found else None


def holds(match, value):
    """Whether a StringMatch of Istio holds."""
    if value is None:
        return False
    if "exact" in match:
        return value == match["exact"]
    if "prefix" in match:
        return value.startswith(match["prefix"])
    return re.fullmatch(match["regex"], value) is not None


def led_by_mesh(service, path, method, headers):
    """The first route of a VirtualService that matches."""
    for route in service["spec"]["http"]:
        for match in route.get("match", [{}]):
            wanted = [(match.get("uri"), path), (match.get("method"), method)]
            wanted += [(one, headers.get(header)) for header, one in match.get("headers", {}).items()]
            if all(one is None or holds(one, value) for one, value in wanted):
                return route
    return None


def app_of(manifests, service):
    """The SpinApp behind a Service's name, short or whole: the operator calls both the same."""
    for app in of(manifests, "SpinApp"):
        if app["metadata"]["name"] == service.split(".")[0]:
            return app
    return None


def has(app, component):
    return app is not None and component in app["spec"].get("components", APP["component"])


def astray(manifests):
    """Paths that end at an app without their component, and retries that could do something twice."""
    for ingress in of(manifests, "Ingress"):
        for path, component in samples():
            service = led_by_ingress(ingress, path)
            if service is None or not has(app_of(manifests, service), component):
                yield f"Ingress: {path} belongs to {component} and goes to {service}"
    for service in of(manifests, "VirtualService"):
        yield from weights(manifests, service)
        if "gateways" in service["spec"]:
            yield from mesh_routes(manifests, service)


def mesh_routes(manifests, service):
    for path in INTERNAL:
        if "directResponse" not in (led_by_mesh(service, path, "POST", {}) or {}):
            yield f"VirtualService: {path} is open to people"
    asked = [(method, {}) for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")]
    asked.append(("POST", {"idempotency-key": "a"}))
    for path, component in samples():
        for method, headers in asked:
            route = led_by_mesh(service, path, method, headers)
            if route is None:
                yield f"VirtualService: {method} {path} goes nowhere"
                continue
            for end in route.get("route", []):
                app = app_of(manifests, end["destination"]["host"])
                if end.get("weight", 1) and not has(app, component):
                    yield f"VirtualService: {path} belongs to {component} and goes to {end['destination']['host']}"
            twice = UNCLEAR & set(route.get("retries", {}).get("retryOn", "").split(","))
            may = method in ("GET", "HEAD") or (headers and path == "/api/memos") or component == "site"
            if twice and not may:
                yield f"VirtualService: {method} {path} may be done twice ({', '.join(sorted(twice))})"


def weights(manifests, service):
    rules = {rule["spec"]["host"] for rule in of(manifests, "DestinationRule")}
    for route in service["spec"]["http"]:
        ends = route.get("route", [])
        if len(ends) > 1 and sum(end.get("weight", 0) for end in ends) != 100:
            yield f"VirtualService: the weights of {route['name']} do not make a hundred"
        for end in ends:
            if end["destination"]["host"] not in rules:
                yield f"VirtualService: no DestinationRule for {end['destination']['host']}"
