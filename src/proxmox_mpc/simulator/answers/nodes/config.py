"""/nodes/{node}/config: a node's notes and its small settings; waking it up."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.state.digest import digest

_PATH = "/nodes/{node}/config"
_NOT_STORED = frozenset({"node", "digest", "delete"})


def _file(call: Call) -> dict[str, str]:
    return call.cluster.files.setdefault("nodes", {}).setdefault(call.node.name, {})


def _digest(call: Call) -> str:
    return digest(sorted(_file(call).items()))


def _domains(settings: dict[str, str]) -> dict[str, list[str]]:
    """ACME domains by the setting that names them."""
    found = {}
    for key, text in settings.items():
        parts = _drives.parse(text, "domain")
        if key == "acme":
            found[key] = [d for d in parts.get("domains", "").split(";") if d]
        elif key.startswith("acmedomain"):
            found[key] = [parts.get("domain", "")]
    return found


@answers("GET", _PATH)
def read(call: Call) -> Any:
    settings: dict[str, str] = dict(_file(call))
    if settings.get("description"):
        settings["description"] = settings["description"].rstrip("\n") + "\n"
    if "property" in call.params:
        name = call.text("property")
        return {name: settings[name]} if name in settings else {}
    return {**settings, "digest": _digest(call)} if settings else {}


@answers("PUT", _PATH)
def update(call: Call) -> None:
    """Deletes win over sets; a description that is set and deleted stays as an empty one (node-config, 9.1)."""
    if "digest" in call.params and call.text("digest") != _digest(call):
        die("detected modified configuration - file changed by other user? Try again.")
    given = {k: call.text(k) for k in call.params if k not in _NOT_STORED}
    merged = {**_file(call), **given}
    for key in call.items("delete"):
        if key == "description" and key in given:
            merged[key] = ""
        else:
            merged.pop(key, None)
    _check_domains(call, merged)
    call.cluster.files["nodes"][call.node.name] = merged


def _check_domains(call: Call, settings: dict[str, str]) -> None:
    plugins = {"standalone", *call.cluster.files.get("acme/plugins", {})}
    for key, text in settings.items():
        parts = _drives.parse(text, "domain")
        if key.startswith("acmedomain") and parts.get("plugin", "standalone") not in plugins:
            die(f"plugin '{parts['plugin']}' for domain '{parts['domain']}' not found!")
    owners: dict[str, str] = {}
    for key, domains in _domains(settings).items():
        for domain in domains:
            if domain in owners:
                first, second = sorted((owners[domain], key), key=len, reverse=True)
                die(f"duplicate domain '{domain}' in ACME config properties '{first}' and '{second}'")
            owners[domain] = key


@answers("POST", "/nodes/{node}/wakeonlan")
def wake(call: Call) -> str:
    name = call.text("node")
    if name not in call.cluster.nodes:
        die(f"no such cluster node '{name}'")
    if name == next(iter(call.cluster.nodes)):
        die(f"'{name}' is local node, cannot wake my self!")
    settings = call.cluster.files.get("nodes", {}).get(name, {}).get("wakeonlan", "")
    if not settings:
        die(f"No wake on LAN MAC address defined for '{name}'!")
    call.cluster.switch_on(name)
    return _drives.parse(str(settings), "mac")["mac"]
