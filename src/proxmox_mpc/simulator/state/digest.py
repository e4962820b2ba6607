"""Digests of configuration: what a caller sends back to show that it saw the current state."""

from __future__ import annotations

import hashlib


def digest(part: object) -> str:
    """SHA-1 of a part; of nothing where the part is empty, as for an absent file."""
    text = repr(part) if part else ""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
