"""Manifests as kubectl renders them, and what each kind may hold."""

import functools
import json
import pathlib
import platform
import shutil
import subprocess

import jsonschema
import kubernetes_validate
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
KUBERNETES = "1.37"
# Where Makefile unpacks kubectl, whose binary is for one platform alone.
INSTALLED = ROOT / "target/tools/deploy/kubectl"


def kubectl():
    """The pinned kubectl where it runs, and elsewhere the one on the PATH; None where there is none."""
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        return INSTALLED
    return shutil.which("kubectl")


class Unrendered(Exception):
    """kubectl refuses the folder; the message is its own."""


def render(folder):
    """The manifests that `kubectl apply -k` would send."""
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unrendered(done.stderr.strip())
    return parse(done.stdout)


def parse(text):
    # The C loader is ten times as fast, where PyYAML has it.
    return [manifest for manifest in yaml.load_all(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if manifest]


def name(manifest):
    """How people find it: its kind and its name."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def of(manifests, kind):
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def closed(schema):
    """The schema, in which an object with named properties has no others."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    # What says when a schema holds names only some properties.
    conditions = {"if", "then", "else", "oneOf", "not"}
    made = {key: part if key in conditions else closed(part) for key, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        made.setdefault("additionalProperties", False)
    return made


def own_schemas():
    """The schemas of schemas/, by apiVersion and kind."""
    found = {}
    for file in sorted((HERE / "schemas").glob("*.yaml")):
        document = closed(yaml.safe_load(file.read_text()))
        for kind, schema in document["kinds"].items():
            spec = closed({"type": "object", **schema})
            # Rules for the whole, such as oneOf, look at all of the spec.
            spec["additionalProperties"] = False
            found[document["group"], kind] = jsonschema.Draft202012Validator({
                "type": "object",
                "required": ["apiVersion", "kind", "metadata", "spec"],
                "additionalProperties": False,
                "properties": {"apiVersion": {}, "kind": {}, "metadata": {"type": "object"}, "spec": spec},
                "$defs": document.get("$defs", {}),
            })
    return found


SCHEMAS = own_schemas()


def malformed(manifests):
    """What is wrong with each manifest for itself."""
    for manifest in manifests:
        yield from mistakes(json.dumps(manifest, sort_keys=True))


# Deployments have most of their manifests in common, and looking at one takes much longer than knowing it again.
@functools.cache
def mistakes(text):
    manifest = json.loads(text)
    schema = SCHEMAS.get((manifest["apiVersion"], manifest["kind"]))
    if schema:
        return [told(manifest, error) for error in schema.iter_errors(manifest)]
    try:
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [told(manifest, error)]
    except kubernetes_validate.SchemaNotFoundError:
        return [f"{name(manifest)}: there is no schema for {manifest['apiVersion']} {manifest['kind']}"]
    return []


def told(manifest, error):
    return f"{name(manifest)}: {'.'.join(map(str, error.path))}: {error.message}"
