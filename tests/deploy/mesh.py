"""What Istio's policies name, held to what is deployed and to spin.toml."""

from manifests import name, of
from reach import pods, selected
from routing import APP

# The account of the gateway, as its chart calls it.
GATEWAY = "cluster.local/ns/istio-ingress/sa/istio-ingress"


def unfit(manifests):
    for rule in of(manifests, "RequestAuthentication"):
        for jwt in rule["spec"]["jwtRules"]:
            defaults = APP["variables"]
            if (jwt["issuer"], jwt["audiences"]) != (defaults["issuer"]["default"], [defaults["audience"]["default"]]):
                yield f"{name(rule)}: it takes tokens of others than spin.toml's issuer, or for others than its audience"
    routes = {route["name"] for service in of(manifests, "VirtualService") for route in service["spec"]["http"]}
    for filters in of(manifests, "EnvoyFilter"):
        for patch in filters["spec"]["configPatches"]:
            route = patch["match"].get("routeConfiguration", {}).get("vhost", {}).get("route", {}).get("name")
            if route and route not in routes:
                yield f"{name(filters)}: no VirtualService has a route {route}"
    if of(manifests, "PeerAuthentication"):
        yield from policies(manifests)


def policies(manifests):
    allowing = of(manifests, "AuthorizationPolicy")
    if not any(not policy["spec"] for policy in allowing):
        yield "AuthorizationPolicy: nothing refuses whoever is not named"
    accounts = {account["metadata"]["name"] for account in of(manifests, "ServiceAccount")}
    for policy in allowing:
        for rule in policy["spec"].get("rules", []):
            for principal in rule["from"][0]["source"]["principals"]:
                if principal != GATEWAY and principal.removeprefix("cluster.local/ns/memo/sa/") not in accounts:
                    yield f"{name(policy)}: there is no account {principal}"
    for pod, seen in pods(manifests).items():
        if pod == "maintenance":
            continue
        if not any(policy["spec"] and selected(policy["spec"]["selector"], seen["labels"]) for policy in allowing):
            yield f"AuthorizationPolicy: nobody is let in to {pod}"
    # A sidecar's connections come from there.
    for app in of(manifests, "SpinApp"):
        for variable in app["spec"].get("variables", []):
            if variable["name"] == "trusted_proxies" and "127.0.0.6" not in variable["value"].split(","):
                yield f"{name(app)}: it takes the sidecar for the one who asks"
