"""/storage: which storages there are, as storage.cfg keeps them."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.storage import _plugins
from proxmox_mpc.simulator.answers.storage._plugins import PLUGINS
from proxmox_mpc.simulator.state.cluster import Cluster

_SECRETS = frozenset({"password", "encryption-key", "master-pubkey", "keyring"})


def digest(cluster: Cluster) -> str:
    lines = [
        f"{d['type']}: {n}\n" + "".join(f"\t{k} {v}\n" for k, v in sorted(d.items()))
        for n, d in cluster.storages.items()
    ]
    return hashlib.sha1("".join(lines).encode(), usedforsecurity=False).hexdigest()


def _show(call: Call, name: str) -> dict[str, Any]:
    definition = call.cluster.storages[name]
    parameters = call.routes.method("POST", "/storage").parameters
    shown: dict[str, Any] = {"storage": name, "digest": digest(call.cluster), **_plugins.defaults(name, definition)}
    for key, text in definition.items():
        if key in _SECRETS:
            continue
        kind = parameters.facts(key).get("type")
        shown[key] = int(text) if kind in ("boolean", "integer") else text
    if "content-dirs" in shown:
        shown["content-dirs"] = dict(p.partition("=")[::2] for p in shown["content-dirs"].split(","))
    return shown


@answers("GET", "/storage")
def listing(call: Call) -> Any:
    wanted = call.text("type")
    audit = ("Datastore.Audit", "Datastore.AllocateSpace", "Datastore.AllocateTemplate")
    return [
        _show(call, name)
        for name, definition in call.cluster.storages.items()
        if wanted in ("", definition["type"]) and call.may(f"/storage/{name}", *audit)
    ]


@answers("GET", "/storage/{storage}")
def read(call: Call) -> Any:
    call.cluster.storage(call.text("storage"))
    return _show(call, call.text("storage"))


@answers("POST", "/storage")
def create(call: Call) -> Any:
    name, kind = call.text("storage"), call.text("type")
    plugin = PLUGINS[kind]
    given = {k: str(v) for k, v in call.params.items() if k != "storage"}
    definition = {k: v for k, v in given.items() if k not in _SECRETS or plugin.options.get(k)}
    _plugins.check_options(plugin, definition, creating=True)
    _plugins.check_content(kind, definition.get("content"))
    if name in call.cluster.storages:
        die(f"create storage failed: storage ID '{name}' already defined")
    _plugins.check_values(name, definition)
    if complaint := _plugins.cannot_activate(name, definition):
        die(f"create storage failed: {complaint}")
    base = definition.get("base", "").partition(":")[0]
    if base and base not in call.cluster.storages:
        die(f"create storage failed: base storage ID '{base}' does not exist")
    _check_thin_pool(call, definition)
    call.cluster.storages[name] = _plugins.tidy(definition)
    answer: dict[str, Any] = {"storage": name, "type": kind}
    return {**answer, "config": {}} if kind == "pbs" else answer


def _check_thin_pool(call: Call, definition: dict[str, str]) -> None:
    """A thin pool must be there, on the disks of some node or in use by another storage."""
    if definition["type"] != "lvmthin" or definition.get("disable") == "1":
        return
    pool = (definition["vgname"], definition["thinpool"])
    known = {(d.get("vgname"), d.get("thinpool")) for d in call.cluster.storages.values()}
    known |= {(s.group, s.name) for n in call.cluster.nodes.values() for s in n.spaces if s.kind == "lvmthin"}
    if pool not in known:
        die(f"create storage failed: no such logical volume {pool[0]}/{pool[1]}")


@answers("PUT", "/storage/{storage}")
def update(call: Call) -> Any:
    name = call.text("storage")
    if name not in call.cluster.storages:
        die(f"update storage failed: storage '{name}' does not exist")
    definition = call.cluster.storages[name]
    plugin = PLUGINS[definition["type"]]
    if "digest" in call.params and call.text("digest") != digest(call.cluster):
        die("update storage failed: detected modified configuration - file changed by other user? Try again.")
    given = {k: str(v) for k, v in call.params.items() if k not in ("storage", "digest", "delete")}
    prefix = "update storage failed: "
    _plugins.check_options(plugin, given, prefix=prefix)
    _plugins.check_content(definition["type"], given.get("content"), prefix)
    for key, value in given.items():
        if plugin.options[key].fixed and definition.get(key) != value:
            die(f"{prefix}can't change value of fixed parameter '{key}'")
    removed = call.items("delete")
    for key in removed:
        if key not in plugin.options:
            die(f"{prefix}no such option '{key}'")
        if plugin.options[key].needed or plugin.options[key].fixed:
            die(f"{prefix}unable to delete required option '{key}'")
        if key in given:
            die(f"{prefix}cannot set and delete property '{key}' at the same time!")
    merged = {**definition, **given}
    for key in removed:
        merged.pop(key, None)
    if complaint := _plugins.cannot_activate(name, merged):
        die(f"{prefix}{complaint}")
    call.cluster.storages[name] = _plugins.tidy(merged)
    answer: dict[str, Any] = {"storage": name, "type": definition["type"]}
    return {**answer, "config": {}} if definition["type"] == "pbs" else answer


@answers("DELETE", "/storage/{storage}")
def delete(call: Call) -> None:
    name, cluster = call.text("storage"), call.cluster
    if name not in cluster.storages:
        die(f"delete storage failed: storage '{name}' does not exist")
    for other, definition in cluster.storages.items():
        if definition.get("base", "").startswith(f"{name}:"):
            die(f"delete storage failed: storage '{name}' is used by '{other}'")
    del cluster.storages[name]
    cluster.volumes.pop(name, None)
    cluster.access.rules = [r for r in cluster.access.rules if r.path != f"/storage/{name}"]
    for pool in cluster.pools.values():
        if name in pool.storages:
            pool.storages.remove(name)


def storage_or_refuse(call: Call) -> dict[str, str]:
    """The storage in the path, for the views that say it in their own words."""
    name = call.text("storage")
    if name not in call.cluster.storages or not re.fullmatch(r"[\w.\-]+", name):
        refuse(storage="No such storage.")
    return call.cluster.storages[name]
