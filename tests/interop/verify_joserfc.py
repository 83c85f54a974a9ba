"""Verifies tokens with joserfc, and says what it makes of each: its claims, or why it refuses it."""

import json
import sys
import urllib.request

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

task = json.loads(sys.argv[1])
with urllib.request.urlopen(task["jwks_uri"], timeout=60) as answer:
    keys = KeySet.import_key_set(json.load(answer))
registry = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": task["issuer"]},
    aud={"essential": True, "value": task["audience"]},
    exp={"essential": True},
)
verdicts = []
for token in task["tokens"]:
    try:
        decoded = jwt.decode(token, keys, algorithms=["EdDSA"])
        registry.validate(decoded.claims)
        verdicts.append({"claims": decoded.claims})
    except (JoseError, ValueError) as error:
        verdicts.append({"refused": type(error).__name__})
print(json.dumps(verdicts))
