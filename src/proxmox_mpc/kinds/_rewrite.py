"""The manifest that says on another version of PVE what this one says here, for people to copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from proxmox_mpc.kinds._kind import API_VERSION


def rewritten(kind: str, name: str, spec: Mapping[str, Any]) -> str:
    """The manifest as a text; what is None is left out."""
    shown = {field: value for field, value in spec.items() if value is not None}
    flow = {"metadata": {"name": name}, "spec": shown}
    lines = [f"apiVersion: {API_VERSION}", f"kind: {kind}"]
    lines += [
        f"{word}: {yaml.safe_dump(value, default_flow_style=True, width=200).strip()}" for word, value in flow.items()
    ]
    return "\n".join(lines)
