"""Verifies tokens with PyJWT, and says what it makes of each: its claims, or why it refuses it."""

import json
import sys

import jwt

task = json.loads(sys.argv[1])
keys = jwt.PyJWKClient(task["jwks_uri"])
verdicts = []
for token in task["tokens"]:
    try:
        key = keys.get_signing_key_from_jwt(token)
        claims = jwt.decode(token, key, algorithms=["EdDSA"], issuer=task["issuer"], audience=task["audience"])
        verdicts.append({"claims": claims})
    except jwt.PyJWTError as error:
        verdicts.append({"refused": type(error).__name__})
print(json.dumps(verdicts))
