"""Finding guests, and the refusals that every change of one shares."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import deny, die
from proxmox_mpc.simulator._tasks import locked
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.conf import Conf, Section
from proxmox_mpc.simulator.state.guest import Guest, Kind, conf_path

# PVE's texts for a digest that is not the file's any more; the two kinds differ (vm-config-keys, lxc-config, 9.1).
_CHANGED = {
    "qemu": "checksum mismatch (file change by other user?)",
    "lxc": "detected modified configuration - file changed by other user? Try again.",
}


def kind_of(call: Call) -> Kind:
    return "lxc" if "/lxc" in call.method.path else "qemu"


def find(cluster: Cluster, node: str, kind: Kind, vmid: int) -> Guest:
    """The guest on that node, or the error of its missing configuration file."""
    guest = cluster.guests.get(vmid)
    if guest is None or guest.kind != kind or guest.node != node:
        die(f"Configuration file '{conf_path(node, kind, vmid)}' does not exist")
    return guest


def of(call: Call) -> Guest:
    """The guest in the path."""
    return find(call.cluster, call.params["node"], kind_of(call), call.vmid)


@asynccontextmanager
async def held(cluster: Cluster, guest: Guest) -> AsyncIterator[None]:
    """Hold a guest's lock file. It may have moved or gone while this waited: then its configuration is missing here."""
    node = guest.node
    async with locked(cluster, guest.kind, guest.vmid):
        find(cluster, node, guest.kind, guest.vmid)
        yield


def check_digest(call: Call, guest: Guest) -> None:
    if "digest" in call.params and call.text("digest") != guest.digest:
        die(_CHANGED[guest.kind])


def check_lock(guest: Guest, *, skip: bool = False) -> None:
    lock = guest.live.get("lock")
    if lock and not skip:
        die(f"{guest.word} is locked ({lock})")


def check_pool(call: Call) -> None:
    if (pool := call.text("pool")) and pool not in call.cluster.pools:
        deny(f"pool '{pool}' does not exist")


def check_free(cluster: Cluster, vmid: int, prefix: str = "") -> None:
    if other := cluster.guests.get(vmid):
        die(f"{prefix}{other.word} {vmid} already exists on node '{other.node}'")


def need_allocate(call: Call, vmid: int) -> None:
    """VM.Allocate on the guest or on the pool that it shall live in."""
    if call.is_root or call.may(f"/vms/{vmid}", "VM.Allocate"):
        return
    if not (call.text("pool") and call.may(f"/pool/{call.text('pool')}", "VM.Allocate")):
        deny()


def join_pool(call: Call, vmid: int) -> None:
    if pool := call.text("pool"):
        call.cluster.pools[pool].guests.append(vmid)


def need_bridge(call: Call, bridge: str, tag: str = "", trunks: str = "") -> None:
    """SDN.Use on the bridge, or on its VLANs when the device has some."""
    path = f"/sdn/zones/localnetwork/{bridge}"
    if call.is_root or not bridge:
        return
    if tag and call.may(f"{path}/{tag}", "SDN.Use"):
        return
    if trunks and all(call.may(f"{path}/{vlan}", "SDN.Use") for vlan in trunks.split(";")):
        return
    call.need(path, "SDN.Use")


def sort_tags(text: str) -> str:
    """Tags as PVE keeps them: lower case, each once, sorted, joined by semicolons."""
    return ";".join(sorted({tag.lower() for tag in re.split(r"[,;\s]+", text) if tag}))


def typed(call: Call, kind: Kind, section: Section) -> dict[str, Any]:
    """A section as the API shows it: integers and booleans as numbers, the rest as text."""
    path = f"/nodes/{{node}}/{'qemu' if kind == 'qemu' else 'lxc'}/{{vmid}}/config"
    parameters = call.routes.method("PUT", path).parameters
    shown: dict[str, Any] = {}
    raw: list[list[str]] = []
    for key, text in section.items():
        if key.startswith("lxc."):
            raw.append([key, text])
            continue
        wanted = parameters.facts(key).get("type")
        is_number = wanted in ("integer", "boolean") or key in ("snaptime", "template")
        if key == "cipassword":
            shown[key] = "**********"
        elif is_number and text.lstrip("-").isdecimal():
            shown[key] = int(text)
        else:
            shown[key] = text
    if raw:
        shown["lxc"] = raw
    return shown


def with_pending(conf: Conf) -> Section:
    """The live keys as they will be once everything pending is applied."""
    merged = {**conf.live, **{k: v for k, v in conf.pending.items() if k != "delete"}}
    for key in pending_deletes(conf):
        merged.pop(key, None)
    return merged


def pending_deletes(conf: Conf) -> dict[str, bool]:
    """Keys that go away once applied; True where the volume shall go too (`!key` in the file)."""
    entries = [e for e in conf.pending.get("delete", "").split(",") if e.strip()]
    return {e.strip().lstrip("!"): e.strip().startswith("!") for e in entries}


def set_pending_deletes(conf: Conf, doomed: dict[str, bool]) -> None:
    if doomed:
        conf.pending["delete"] = ",".join(f"!{k}" if force else k for k, force in sorted(doomed.items()))
    else:
        conf.pending.pop("delete", None)


def add_pending_delete(conf: Conf, key: str, force: bool = False) -> None:
    conf.pending.pop(key, None)
    set_pending_deletes(conf, {**pending_deletes(conf), key: force})


def drop_settled(conf: Conf) -> None:
    """Forget what is pending and true already."""
    for key in [k for k, v in conf.pending.items() if k != "delete" and conf.live.get(k) == v]:
        del conf.pending[key]
    set_pending_deletes(conf, {k: f for k, f in pending_deletes(conf).items() if k in conf.live})


def revert(conf: Conf, keys: Iterable[str]) -> None:
    doomed = pending_deletes(conf)
    for key in keys:
        conf.pending.pop(key, None)
        doomed.pop(key, None)
    set_pending_deletes(conf, doomed)
