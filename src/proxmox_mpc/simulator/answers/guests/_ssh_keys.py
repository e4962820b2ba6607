"""Public SSH keys that a guest is given at its creation."""

from __future__ import annotations

import base64

from proxmox_mpc.simulator._errors import die

# A key's type and at least this many bytes of key material.
_SHORTEST = 16


def check(text: str) -> None:
    """Each line must be a key that ssh-keygen would read."""
    for line in text.splitlines():
        parts = line.split()
        good = len(parts) >= 2 and parts[0].startswith(("ssh-", "ecdsa-", "sk-")) and _is_key(parts[0], parts[1])
        if line.strip() and not line.startswith("#") and not good:
            die("SSH public key validation error")


def _is_key(kind: str, text: str) -> bool:
    """The encoded key repeats its type."""
    try:
        blob = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    length = int.from_bytes(blob[:4], "big")
    return len(blob) > 4 + length + _SHORTEST and blob[4 : 4 + length] == kind.encode()
