"""The code flow with Authlib, whose metadata and registration are plain requests, as its authors leave them to others."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests
from authlib.integrations.requests_client import OAuth2Session, OAuthError

task = json.loads(sys.argv[1])
come = []


class Callback(BaseHTTPRequestHandler):
    def do_GET(self):
        come.append(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def say(what):
    print(json.dumps(what), flush=True)


metadata = requests.get(task["issuer"] + "/.well-known/oauth-authorization-server", timeout=60).json()
server = HTTPServer(("127.0.0.1", 0), Callback)
redirect_uri = f"http://127.0.0.1:{server.server_port}/callback"
registered = requests.post(
    metadata["registration_endpoint"],
    json={"client_name": task["name"], "redirect_uris": [redirect_uri], "token_endpoint_auth_method": "none"},
    timeout=60,
)
session = OAuth2Session(
    client_id=registered.json()["client_id"],
    scope=task["scope"],
    redirect_uri=redirect_uri,
    token_endpoint_auth_method="none",
    revocation_endpoint_auth_method="none",
    code_challenge_method="S256",
    default_timeout=60,
)
verifier = "authlib-" * 8
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier)
say({"authorize": url})

server.handle_request()
try:
    tokens = session.fetch_token(
        metadata["token_endpoint"],
        authorization_response=f"http://127.0.0.1:{server.server_port}{come[0]}",
        state=state,
        code_verifier=verifier,
    )
    say({"tokens": tokens})
    say({"memos": session.get(task["memos"]).json()})
    renewed = session.refresh_token(metadata["token_endpoint"], refresh_token=tokens["refresh_token"])
    say({"renewed": renewed})
    looked = session.introspect_token(metadata["introspection_endpoint"], token=renewed["access_token"])
    say({"introspected": looked.json()})
    refresh = renewed.get("refresh_token") or tokens["refresh_token"]
    answer = session.revoke_token(metadata["revocation_endpoint"], token=refresh, token_type_hint="refresh_token")
    answer.raise_for_status()
    session.refresh_token(metadata["token_endpoint"], refresh_token=refresh)
    say({"refused": None})
except OAuthError as error:
    say({"refused": error.error})
