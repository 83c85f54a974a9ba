#!/usr/bin/env python3
"""Checks the manifests of deploy/ without a cluster: `make deploy-lint`.

Each folder that can be deployed is rendered by kubectl and held to schemas (schemas/ has those of kinds that are not
Kubernetes' own), to spin.toml, and to what the documents say of routes, retries, scaling and who reaches whom. Each
folder of wrong/ has one mistake, which must be found; its first line says with what words.
"""

import concurrent.futures
import subprocess
import sys

import apps
import mesh
import reach
import routing
from manifests import HERE, ROOT, Unrendered, kubectl, malformed, parse, render

RIGHT = [
    "deploy/spinkube/overlays/*",
    "deploy/spinkube/example",
    "deploy/istio/split",
    "deploy/istio/example",
    "tests/deploy/right/*",
]


def made_secrets():
    """The Secrets that make-secrets makes for each overlay, and what is wrong with them."""
    made = {}
    for overlay in ("one-app", "split"):
        done = subprocess.run([ROOT / "deploy/spinkube/make-secrets", overlay], capture_output=True, text=True, check=True)
        for secret in parse(done.stdout):
            made[secret["metadata"]["name"]] = secret["stringData"]
            yield from malformed([secret])
    yield made


def findings(folder, secrets):
    """Everything that is wrong with what a folder renders to."""
    try:
        manifests = render(folder)
    except Unrendered as error:
        return [str(error)]
    wrong = list(malformed(manifests))
    # What has the wrong form can't be asked for more.
    if wrong:
        return wrong
    return [
        *apps.amiss(manifests, secrets),
        *routing.astray(manifests),
        *reach.crossings(manifests),
        *mesh.unfit(manifests),
        *unset(folder, manifests),
    ]


def unset(folder, manifests):
    """What an example leaves as it is in the overlays, although its settings say otherwise."""
    if folder.name == "example":
        for sample in ("https://memo.example", "'memo.example'", "@memo.example", "ghcr.io/example/", "10.0.0.0/8"):
            if sample in repr(manifests):
                yield f"the settings leave {sample} as it is"


def missed(folder, secrets):
    """What a folder with a mistake was to be told, where it was not."""
    expected = (folder / "kustomization.yaml").read_text().splitlines()[0].removeprefix("# ")
    found = findings(folder, secrets)
    if not any(expected in finding for finding in found):
        return [f"{folder.relative_to(ROOT)}: nobody said “{expected}”, but {found or 'nothing'}"]
    return []


def main():
    if kubectl() is None:
        skipped = "!!! SKIPPED: deploy-lint needs kubectl, which is not on the PATH and does not come for this platform."
        print(skipped, file=sys.stderr)
        return 0
    *wrong, secrets = made_secrets()
    right = sorted({folder for pattern in RIGHT for folder in ROOT.glob(pattern)})
    mistakes = sorted((HERE / "wrong").iterdir())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for folder, found in zip(right, pool.map(lambda folder: findings(folder, secrets), right)):
            wrong += [f"{folder.relative_to(ROOT)}: {finding}" for finding in found]
        for found in pool.map(lambda folder: missed(folder, secrets), mistakes):
            wrong += found
    print("\n".join(wrong) or f"{len(right)} deployments are as they should be, and {len(mistakes)} mistakes were found.")
    return 1 if wrong or not right or not mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
