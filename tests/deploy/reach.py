"""Who reaches whom, by the NetworkPolicies."""

from manifests import of


def selected(selector, labels):
    """Whether a label selector selects what has these labels."""
    for key, value in selector.get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for wanted in selector.get("matchExpressions", []):
        there = labels.get(wanted["key"])
        if wanted["operator"] == "Exists" and there is None:
            return False
        if wanted["operator"] == "In" and there not in wanted["values"]:
            return False
    return True


def admitted(rules, direction, other, port):
    """Whether a policy's rules name the pod at the other end, and the port."""
    for rule in rules:
        ports = rule.get("ports")
        if ports and all(known["port"] != port or known.get("protocol", "TCP") != "TCP" for known in ports):
            continue
        peers = rule.get("from" if direction == "Ingress" else "to")
        if peers is None:
            return True
        for peer in peers:
            if "ipBlock" in peer:
                continue
            namespace = {"kubernetes.io/metadata.name": other["namespace"]}
            if "namespaceSelector" in peer:
                near = selected(peer["namespaceSelector"], namespace)
            else:
                near = other["namespace"] == "memo"
            if near and selected(peer.get("podSelector", {}), other["labels"]):
                return True
    return False


def opened(manifests, direction, pod, other, port):
    """Whether the policies of a pod's namespace let it have this connection."""
    if pod["namespace"] != "memo":
        return True
    policies = [
        policy["spec"]
        for policy in of(manifests, "NetworkPolicy")
        if selected(policy["spec"]["podSelector"], pod["labels"]) and direction in policy["spec"]["policyTypes"]
    ]
    return not policies or any(
        admitted(policy.get(direction.lower(), []), direction, other, port) for policy in policies
    )


def reaches(manifests, source, target, port):
    return opened(manifests, "Egress", source, target, port) and opened(manifests, "Ingress", target, source, port)


def pods(manifests):
    """The pods that there are, by a short name, as far as policies see them."""
    found = {}
    for app in of(manifests, "SpinApp"):
        labels = {"core.spinkube.dev/app-name": app["metadata"]["name"], **app["spec"].get("podLabels", {})}
        found[app["metadata"]["name"]] = {"namespace": "memo", "labels": labels}
    for job in of(manifests, "CronJob"):
        labels = job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
        found[job["metadata"]["name"]] = {"namespace": "memo", "labels": labels}
    for group in of(manifests, "StatefulSet"):
        found[group["metadata"]["name"]] = {"namespace": "memo", "labels": group["spec"]["template"]["metadata"]["labels"]}
    return found


def crossings(manifests):
    """Connections that are open and should not be, and the other way round."""
    gateway = gateway_namespace(manifests)
    there = pods(manifests)
    there["the gateway"] = {"namespace": gateway, "labels": {}}
    there["a stranger"] = {"namespace": "default", "labels": {}}
    for source, one in there.items():
        for target, other in there.items():
            if source == target or target == "maintenance" or other["namespace"] != "memo":
                continue
            port = 6379 if target == "redis" else 80
            wanted = is_wanted(source, one, target, other)
            if wanted != reaches(manifests, one, other, port):
                yield f"NetworkPolicy: {source} {'does not reach' if wanted else 'reaches'} {target}"


def gateway_namespace(manifests):
    if of(manifests, "Gateway"):
        return of(manifests, "Gateway")[0]["metadata"]["namespace"]
    [solver] = [p for p in of(manifests, "NetworkPolicy") if p["metadata"]["name"] == "gateway-to-acme-solver"]
    return solver["spec"]["ingress"][0]["from"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]


def is_wanted(source, one, target, other):
    """The design: the gateway reaches the apps, issuer and memo service each other and Redis, and maintenance those two."""
    part = one["labels"].get("app.kubernetes.io/component")
    asked = other["labels"].get("app.kubernetes.io/component")
    if target == "redis":
        return part in ("app", "auth", "memos")
    if source == "the gateway":
        return True
    if source == "maintenance":
        return asked in ("app", "auth", "memos")
    return {part, asked} == {"auth", "memos"}
