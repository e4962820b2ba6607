"""PUT config of a container, and what of it can happen while it runs."""

from __future__ import annotations

import re

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.answers.lxc import _mounts, _permissions
from proxmox_mpc.simulator.answers.lxc.create import settings_of, with_mac
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.task import Task

_NOT_CONFIG = frozenset("node vmid digest delete revert".split())
_REQUIRED = frozenset({"rootfs", "memory", "swap", "arch", "ostype"})

# What changes in a running container at once (PVE::LXC::Config, 9.1).
_HOT = re.compile(
    r"description|onboot|startup|protection|hostname|hookscript|cores|tags|lock|memory|swap|cpulimit|cpuunits|template"
    r"|net\d+|mp\d+|unused\d+"
)


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
    worker = _tasks.Work(call.cluster, Task("", guest.node, 0, 0, 0, "", "", call.user))
    made = await _mounts.create(worker, guest, mounts)
    conf = guest.conf
    _guest.revert(conf, reverts)
    for key in deletes:
        if key in guest.live:
            _guest.add_pending_delete(conf, key)
    for key, text in {**plain, **made}.items():
        _set(call, guest, key, text)
    _apply(guest, worker)
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


def _apply(guest: Guest, work: _tasks.Work) -> None:
    """Everything pending becomes true that can, given whether the container runs."""
    conf = guest.conf
    _guest.drop_settled(conf)
    for key in _guest.pending_deletes(conf):
        if not guest.is_running or _HOT.fullmatch(key):
            before = guest.live.pop(key, None)
            _guest.revert(conf, [key])
            if before and key.startswith("unused"):
                _volumes.remove(work.cluster, _drives.parse_volume(before), guest.node)
            elif before and re.fullmatch(r"mp\d+", key):
                _keep_unused(guest, before, work)
    for key, value in [(k, v) for k, v in conf.pending.items() if k != "delete"]:
        if not guest.is_running or _HOT.fullmatch(key):
            before = guest.live.get(key)
            guest.live[key] = value
            del conf.pending[key]
            if before and guest.is_volume_key(key):
                _keep_unused(guest, before, work)
    used = {_drives.parse_volume(t) for k, t in guest.live.items() if guest.is_volume_key(k)}
    for key in [k for k, v in guest.live.items() if k.startswith("unused") and _drives.parse_volume(v) in used]:
        del guest.live[key]
    guest.touch()


def _keep_unused(guest: Guest, mount: str, work: _tasks.Work) -> None:
    volid = _drives.parse_volume(mount)
    used = {_drives.parse_volume(t) for k, t in guest.live.items() if guest.is_volume_key(k) or k.startswith("unused")}
    if volid not in used and _volumes.owned_by(work.cluster, volid, guest.vmid):
        slot = next(f"unused{n}" for n in range(256) if f"unused{n}" not in guest.live)
        guest.live[slot] = volid


def apply_pending(work: _tasks.Work, guest: Guest) -> None:
    """For the power states: a container that stopped or starts takes over what was pending."""
    if guest.conf.pending:
        _apply(guest, work)
