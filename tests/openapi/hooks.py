"""Who asks: schemathesis loads this by SCHEMATHESIS_HOOKS."""

import os

import requests
import schemathesis

ORIGIN = os.environ["MEMO_ORIGIN"]
PASSWORD = "correct horse battery staple"


@schemathesis.auth(refresh_interval=300)
class SignedIn:
    """A person of their own for each time, because what is tried may end their session."""

    number = 0

    def get(self, case, context):
        SignedIn.number += 1
        person = {"username": f"tester-{os.getpid()}-{SignedIn.number}", "password": PASSWORD}
        requests.post(f"{ORIGIN}/api/auth/users", json=person, timeout=60).raise_for_status()
        session = requests.post(f"{ORIGIN}/api/auth/session", json=person, timeout=60)
        session.raise_for_status()
        return session.json()["access_token"]

    def set(self, case, data, context):
        is_maintenance = case.path.endswith("/maintenance")
        token = os.environ["MEMO_MAINTENANCE_TOKEN"] if is_maintenance else data
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {token}"}


@schemathesis.hook
def map_body(context, body):
    """The right password, so that what comes after it is tried as well. Nobody's account ends by it."""
    is_last = context.operation.definition.raw.get("operationId") in ("deleteAccount", "changePassword")
    given = body.get("password") if isinstance(body, dict) else None
    # One that can't be a password stays: that it is refused is what is tried then.
    if isinstance(given, str) and 8 <= len(given) <= 128 and not is_last:
        return {**body, "password": PASSWORD}
    return body


@schemathesis.serializer("application/x-ndjson", "application/zip")
def as_it_is(context, value):
    """Bodies that are text or bytes."""
    return value if isinstance(value, bytes) else str(value).encode()
