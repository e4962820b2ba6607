"""Firewall options: switches and policies."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.firewall import _scope
from proxmox_mpc.simulator.state.digest import digest

_NOT_OPTIONS = frozenset({"node", "vmid", "vnet", "digest", "delete"})


@answers("GET", *_scope.paths("/options"), _scope.VNET + "/options")
def read(call: Call) -> Any:
    options = _scope.find(call).options
    parameters = call.routes.method("PUT", call.method.path).parameters
    shown: dict[str, Any] = {}
    for key, text in options.items():
        shown[key] = int(text) if parameters.facts(key).get("type") in ("integer", "boolean") else text
    return {**shown, "digest": digest(sorted(options.items()))}


@answers("PUT", *_scope.paths("/options"), _scope.VNET + "/options")
def update(call: Call) -> None:
    """Deletes first, then sets: a key in both is set (fw-guest-options, 9.1)."""
    options = _scope.find(call).options
    _scope.check_digest(call, sorted(options.items()))
    for key in call.items("delete"):
        if key not in call.method.parameters.indexes or key in _NOT_OPTIONS:
            refuse(delete=f"no such option '{key}'")
    for key in call.items("delete"):
        options.pop(key, None)
    options.update({k: v for k, v in call.params.items() if k not in _NOT_OPTIONS})


@answers("GET", _scope.NODE + "/log", *(f"{path}/log" for path in _scope.GUESTS))
def log(call: Call) -> Any:
    call.beside["total"] = 1
    return [{"n": 1, "t": "unable to open file - No such file or directory"}]
