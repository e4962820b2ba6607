"""Make the passwords and keys of compose.yml, once: into `.env` beside it, readable by its owner only.

    python3 deploy/compose/make_secrets.py

What is there already is left as it is: a database keeps the password that it was made with, and what was encrypted
needs its key.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

PASSWORDS = ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "READER_PASSWORD", "GRAFANA_PASSWORD", "METRICS_TOKEN")
KEYS = ("PROXMOX_SECRET_KEY", "SECRET_KEY")


def made() -> str:
    # Passwords in hex: they stand in URLs as they are.
    lines = [f"{name}={os.urandom(24).hex()}" for name in PASSWORDS]
    lines += [f"{name}={base64.b64encode(os.urandom(32)).decode()}" for name in KEYS]
    return "".join(f"{line}\n" for line in lines)


def main(file: Path) -> int:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{file} is there already, and stays as it is")
        return 0
    with os.fdopen(descriptor, "w") as out:
        out.write(made())
    print(f"{file} is made: keep a copy of it elsewhere, for without PROXMOX_SECRET_KEY no backup can be restored")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).with_name(".env")))
