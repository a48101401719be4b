"""Keys and port of the demo, in var/demo/env. Standard library only: it runs before anything is installed.

It writes the file once, and refuses while a demo runs or its port is taken. With --fresh it empties var/demo
first.
"""

import argparse
import base64
import os
import secrets
import shutil
import sys
from pathlib import Path

from counselor.management.supervisor import Refused, check_port, take_lock

DEMO_DIR = Path(os.environ.get("VAR_DIR") or Path(__file__).resolve().parents[2] / "var") / "demo"
ENV = DEMO_DIR / "env"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write var/demo/env, the keys and the port of the demo.")
    parser.add_argument("--fresh", action="store_true", help="empty var/demo first")
    options = parser.parse_args()
    given = os.environ.get("PORT", "")
    if given and not (given.isascii() and given.isdigit() and 0 < int(given) < 65536):
        parser.error(f"PORT must be a number from 1 to 65535, not {given!r}.")
    try:
        prepare(fresh=options.fresh, port=given)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 1
    return 0


def prepare(*, fresh: bool, port: str) -> None:
    named = [name for name in ("DATABASE_URL", "SECRET_KEY", "FIELD_KEYS") if os.environ.get(name)]
    if named and ("SECRET_KEY" not in named or "FIELD_KEYS" not in named):
        raise Refused(
            f"{' and '.join(named)} set in the environment: the demo makes its own. Unset it, "
            "or set SECRET_KEY and FIELD_KEYS both (docs/production.md)."
        )
    with take_lock(DEMO_DIR / "up.lock") as lock:
        unclean = bool(lock.seek(0, os.SEEK_END))
        if fresh:
            for path in DEMO_DIR.iterdir():
                if path.name != "up.lock":
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        write(port)
    if not unclean:  # after a kill -9 the last run's children may need a moment: `up` waits for them
        check_port("127.0.0.1", int(port or read()["PORT"]))


def read() -> dict[str, str]:
    lines = ENV.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def write(port: str) -> None:
    """Once; later only a port that was asked for is noted, so every command names the same address."""
    values = read() if ENV.exists() else {}
    if values and (not port or values.get("PORT") == port):
        return
    fresh = {
        "DEMO": "1",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_KEYS": "d1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "PORT": "8000",
    }
    values = fresh | values | ({"PORT": port} if port else {})
    text = "# The demo's own keys and port, made up on this machine.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    draft = ENV.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(ENV)


if __name__ == "__main__":
    raise SystemExit(main())
