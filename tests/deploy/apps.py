"""What SpinApps say of themselves, held to spin.toml and to what else is deployed with them."""

from manifests import name, of
from reach import selected
from routing import APP, app_of

UNITS = {"": 1, "m": 0.001, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def quantity(text):
    number = text.rstrip("mKMGi")
    return float(number) * UNITS[text.removeprefix(number)]


def amiss(manifests, secrets):
    """Everything that is wrong with the apps; `secrets` are the ones that `make-secrets` makes, with their keys."""
    apps = of(manifests, "SpinApp")
    executors = {executor["metadata"]["name"] for executor in of(manifests, "SpinAppExecutor")}
    accounts = {account["metadata"]["name"] for account in of(manifests, "ServiceAccount")}
    served = set()
    for app in apps:
        spec = app["spec"]
        components = spec.get("components", list(APP["component"]))
        served |= set(components)
        for component in components:
            if component not in APP["component"]:
                yield f"{name(app)}: spin.toml has no component {component}"
        if spec["executor"] not in executors:
            yield f"{name(app)}: there is no executor {spec['executor']}"
        if spec.get("serviceAccountName", "default") not in accounts | {"default"}:
            yield f"{name(app)}: there is no service account {spec['serviceAccountName']}"
        yield from variables(manifests, app, components)
        yield from secrets_lacking(app, secrets)
        yield from room(app)
        if "liveness" not in spec.get("checks", {}) or "readiness" not in spec.get("checks", {}):
            yield f"{name(app)}: it has no checks"
        yield from scaling(manifests, app)
    for job in of(manifests, "CronJob"):
        yield from tokens_lacking(job, secrets)
    for component in APP["component"]:
        if component not in served:
            yield f"nobody serves the component {component}"
    yield from leftovers(manifests)


def variables(manifests, app, components):
    known = set().union(*(APP["component"].get(component, {}).get("variables", {}) for component in components))
    given = {variable["name"]: variable.get("value") for variable in app["spec"].get("variables", [])}
    for variable in given.keys() - known:
        yield f"{name(app)}: none of its components takes the variable {variable}"
    if "public_origin" in known and not (given.get("public_origin") or "").startswith("https://"):
        yield f"{name(app)}: public_origin is no https:// address"
    # Whoever is alone in an app asks the other service by its Service: `auth.spin.internal` is not there.
    for variable, component in {"memo_origin": "memo", "jwks_origin": "auth"}.items():
        if variable in known and component not in components:
            other = app_of(manifests, (given.get(variable) or "").removeprefix("http://"))
            if other is None or component not in other["spec"]["components"]:
                yield f"{name(app)}: {variable} leads to no app with the component {component}"


def secrets_lacking(app, secrets):
    store = app["spec"].get("runtimeConfig", {}).get("loadFromSecret")
    uses = [(store, "runtime-config.toml")] if store else []
    for variable in app["spec"].get("variables", []):
        if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
            uses.append((reference["name"], reference["key"]))
    for secret, key in uses:
        if key not in secrets.get(secret, {}):
            yield f"{name(app)}: make-secrets makes no {key} in a Secret {secret}"
    # Without a store of its own each replica would keep what people write in itself, and lose it with itself.
    if not store and app["spec"].get("components") != ["site"]:
        yield f"{name(app)}: it has no runtime configuration, and so no store that lasts"


def tokens_lacking(job, secrets):
    for volume in job["spec"]["jobTemplate"]["spec"]["template"]["spec"].get("volumes", []):
        for item in volume.get("secret", {}).get("items", []):
            if item["key"] not in secrets.get(volume["secret"]["secretName"], {}):
                yield f"{name(job)}: make-secrets makes no {item['key']} in a Secret {volume['secret']['secretName']}"


def room(app):
    limits = app["spec"].get("resources", {}).get("limits", {})
    instance = app["spec"].get("invocationLimits", {}).get("memory")
    if "memory" not in limits:
        yield f"{name(app)}: its memory has no limit"
    elif instance and quantity(instance) > quantity(limits["memory"]):
        yield f"{name(app)}: one instance may have more memory than all of it"


def scaling(manifests, app):
    """An app that is scaled has one autoscaler that goes by the CPU of its container, and a budget."""
    mine = app["metadata"]["name"]
    scalers = [
        scaler
        for scaler in of(manifests, "HorizontalPodAutoscaler") + of(manifests, "ScaledObject")
        if scaler["spec"]["scaleTargetRef"]["name"] == mine
    ]
    if not app["spec"].get("enableAutoscaling"):
        if scalers:
            yield f"{name(app)}: {name(scalers[0])} scales it, and it says how many replicas it has"
        return
    if len(scalers) != 1:
        yield f"{name(app)}: {len(scalers)} autoscalers for one app"
    if "cpu" not in app["spec"].get("resources", {}).get("requests", {}):
        yield f"{name(app)}: without a request of CPU there is no share of it to scale by"
    for scaler in scalers:
        spec = scaler["spec"]
        if spec.get("minReplicas", spec.get("minReplicaCount", 1)) < 2:
            yield f"{name(scaler)}: one replica is none while it is replaced"
        for metric in spec.get("metrics", []):
            of_container = metric.get("containerResource", {})
            if (of_container.get("name"), of_container.get("container")) != ("cpu", mine):
                yield f"{name(scaler)}: it goes by something else than the CPU of {mine}"
        for trigger in spec.get("triggers", []):
            if trigger["metadata"].get("containerName") != mine:
                yield f"{name(scaler)}: it goes by something else than the CPU of {mine}"
    labels = {"core.spinkube.dev/app-name": mine}
    if not any(selected(budget["spec"]["selector"], labels) for budget in of(manifests, "PodDisruptionBudget")):
        yield f"{name(app)}: no PodDisruptionBudget"


def leftovers(manifests):
    """What names something that is not there."""
    apps = {app["metadata"]["name"] for app in of(manifests, "SpinApp")}
    for kind in ("HorizontalPodAutoscaler", "ScaledObject"):
        for scaler in of(manifests, kind):
            if scaler["spec"]["scaleTargetRef"]["name"] not in apps:
                yield f"{name(scaler)}: there is no app {scaler['spec']['scaleTargetRef']['name']}"
    secret_names = {certificate["spec"]["secretName"] for certificate in of(manifests, "Certificate")}
    issuers = {(issuer["metadata"]["namespace"], issuer["metadata"]["name"]) for issuer in of(manifests, "Issuer")}
    for certificate in of(manifests, "Certificate"):
        if (certificate["metadata"]["namespace"], certificate["spec"]["issuerRef"]["name"]) not in issuers:
            yield f"{name(certificate)}: there is no issuer {certificate['spec']['issuerRef']['name']}"
    for ingress in of(manifests, "Ingress"):
        for tls in ingress["spec"].get("tls", [{}]):
            if tls.get("secretName") not in secret_names:
                yield f"{name(ingress)}: no Certificate fills the Secret {tls.get('secretName')}"
    for manifest in manifests:
        if manifest["kind"] != "Namespace" and "namespace" not in manifest["metadata"]:
            yield f"{name(manifest)}: it has no namespace, and would land in whichever is chosen"
        if manifest["kind"] == "Canary" or name(manifest) == "ConfigMap settings":
            yield f"{name(manifest)}: it is for kustomize alone"
