"""What a run was asked for, as it is kept with the run, sealed: so that it can be continued without its files."""

from __future__ import annotations

import json
from typing import Any, Literal

Kind = Literal["apply", "delete"]
APPLY: Kind = "apply"
DELETE: Kind = "delete"


def written(kind: Kind, content: dict[str, Any]) -> str:
    """The text that is sealed."""
    return json.dumps({"kind": kind, "request": content})


def opened(text: str) -> tuple[Kind, dict[str, Any]]:
    """What was asked for. Raises ValueError for what is no such text."""
    found = json.loads(text)
    if not isinstance(found, dict) or found.get("kind") not in (APPLY, DELETE):
        raise ValueError("this is no request")
    return found["kind"], dict(found["request"])
