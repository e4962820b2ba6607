"""PUT config of a container."""

from __future__ import annotations

import re

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest
from proxmox_mpc.simulator.answers.lxc import _mounts, _pending, _permissions
from proxmox_mpc.simulator.answers.lxc.create import settings_of, with_mac
from proxmox_mpc.simulator.state.guest import Guest

_NOT_CONFIG = frozenset("node vmid digest delete revert".split())
_REQUIRED = frozenset({"rootfs", "memory", "swap", "arch", "ostype"})


@answers("PUT", "/nodes/{node}/lxc/{vmid}/config")
async def update(call: Call) -> None:
    settings, deletes, reverts = settings_of(call, _NOT_CONFIG), call.items("delete"), call.items("revert")
    _check_names(call, settings, deletes, reverts)
    _permissions.check(call, call.vmid, settings, deletes)
    guest = _guest.of(call)
    _guest.check_lock(guest)
    _guest.check_digest(call, guest)
    _check_against(call, guest, settings, deletes)
    plain, mounts = _mounts.split(settings)
    _mounts.check_access(call, mounts)
    worker = _tasks.unwatched(call.cluster)
    # Only mount points make new volumes: `rootfs=local:2` is stored as it stands (facts, 9.1).
    new = {k: v for k, v in mounts.items() if k != "rootfs"}
    made = {**mounts, **await _mounts.create(worker, guest, new)}
    conf = guest.conf
    _guest.revert(conf, reverts)
    for key in deletes:
        if key in guest.live:
            _guest.add_pending_delete(conf, key)
    for key, text in {**plain, **made}.items():
        _set(call, guest, key, text)
    _pending.apply(worker, guest)
    guest.touch()


def _check_names(call: Call, settings: dict[str, str], deletes: list[str], reverts: list[str]) -> None:
    known = call.method.parameters.indexes
    for name, keys in (("delete", deletes), ("revert", reverts)):
        for key in keys:
            if key not in known or key in _NOT_CONFIG:
                refuse({name: f"unknown option '{key}'"})
            if key in settings:
                refuse({name: f"you can't use '-{key}' and -{name} {key}' at the same time"})
    if not settings and not deletes and not reverts:
        die("no options specified")


def _check_against(call: Call, guest: Guest, settings: dict[str, str], deletes: list[str]) -> None:
    for key in deletes:
        if key == "unprivileged":
            die("unable to delete read-only option: 'unprivileged'")
        if key in _REQUIRED:
            die(f"unable to delete required option '{key}'")
    if settings.get("unprivileged", guest.live.get("unprivileged", "0")) != guest.live.get("unprivileged", "0"):
        die("unable to modify read-only option: 'unprivileged'")
    if guest.live.get("protection") == "1":
        for key in [*settings, *(d for d in deletes if d in guest.live)]:
            if re.fullmatch(r"rootfs|mp\d+|unused\d+", key):
                die(f"can't update CT {guest.vmid} drive '{key}' - protection mode enabled")
    for key, text in settings.items():
        if re.fullmatch(r"dev\d+", key):
            path = _drives.parse(text, "path").get("path", "")
            # The only devices of a simulated node.
            if path not in (
                "/dev/null",
                "/dev/zero",
                "/dev/random",
                "/dev/urandom",
                "/dev/net/tun",
                "/dev/fuse",
                "/dev/kvm",
            ):
                die(f"Device {path} does not exist")
    if script := settings.get("hookscript"):
        _, parsed = call.cluster.volume_name(script)
        if parsed.content != "snippets":
            refuse(hookscript=f"'{script}' is not in the snippets directory\n")
        if call.cluster.volume(script, guest.node) is None:
            refuse(hookscript=f"script '{script}' does not exist\n")


def _set(call: Call, guest: Guest, key: str, text: str) -> None:
    conf = guest.conf
    if re.fullmatch(r"net\d+", key):
        text = with_mac(call, text)
    elif key == "tags":
        text = _guest.sort_tags(text)
    elif key == "description":
        text = text.rstrip()
        if not text:
            guest.live.pop(key, None)
            return
    _guest.revert(conf, [key])
    conf.pending[key] = text or " "
