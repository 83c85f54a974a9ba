#!/usr/bin/env python3
"""Tries the services with what their OpenAPI documents allow and with what they forbid (schemathesis).

    tests/openapi/run.py                 both services, a minute each
    tests/openapi/run.py --seconds 600   longer
    tests/openapi/run.py --seed 42       other requests; without a seed they are always the same, as far as the time goes

It starts a host of its own with a store in memory, and ends it.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MAINTENANCE_TOKEN = "a-token-for-maintenance"
# A stream of events goes on for minutes; the black-box suite listens to them.
LEFT_OUT = {"memos": ["/api/memos/events"], "auth": []}


def start_host():
    """A host on a free port, and its origin. Passkeys want a name and no number."""
    command = [ROOT / "target/debug/memo-host", "--listen", "127.0.0.1:0", "--in-memory"]
    command += ["--variable", f"maintenance_token={MAINTENANCE_TOKEN}"]
    with open(ROOT / "target/schemathesis-host.log", "w") as log:
        host = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in host.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return host, f"http://localhost:{found[1]}"
    raise SystemExit("the host printed no address")


def attempt(origin, service, options):
    """Runs schemathesis against a service, and tells whether it found nothing."""
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run"]
    command += [f"{origin}/api/{service}/openapi.json", "--url", origin]
    command += ["--max-time", str(options.seconds), "--seed", str(options.seed)]
    for path in LEFT_OUT[service]:
        command += ["--exclude-path", path]
    environment = {
        **os.environ,
        "MEMO_ORIGIN": origin,
        "MEMO_MAINTENANCE_TOKEN": MAINTENANCE_TOKEN,
        "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
    }
    print(f"== {service}, seed {options.seed}; left out: {', '.join(LEFT_OUT[service]) or 'nothing'}", flush=True)
    return subprocess.run(command, cwd=ROOT / "target", env=environment, check=False).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60, help="for each service")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--service", choices=["auth", "memos"], help="this one alone")
    options = parser.parse_args()
    services = [options.service] if options.service else ["memos", "auth"]
    host, origin = start_host()
    try:
        results = [attempt(origin, service, options) for service in services]
    finally:
        host.terminate()
        host.wait()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
