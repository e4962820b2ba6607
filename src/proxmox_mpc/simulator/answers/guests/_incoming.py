"""What another cluster says a guest is configured like: believed no more than a request that makes a guest."""

from __future__ import annotations

import re

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.answers.guests import _drives
from proxmox_mpc.simulator.answers.lxc import _mounts
from proxmox_mpc.simulator.answers.lxc import _permissions as _of_containers
from proxmox_mpc.simulator.answers.lxc import create as containers
from proxmox_mpc.simulator.answers.qemu import _disks
from proxmox_mpc.simulator.answers.qemu import _permissions as _of_machines
from proxmox_mpc.simulator.answers.qemu import create as machines
from proxmox_mpc.simulator.state.conf import Conf, Section
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.tunnel import Tunnel

# PVE writes it itself; no request may set it.
_OWN = "meta"


def check(call: Call, tunnel: Tunnel, conf: Conf) -> Section:
    """The keys that may be taken over. Raises what POST /nodes/{node}/qemu (or lxc) would, for the tunnel's user."""
    guest = tunnel.guest
    if conf.pending or conf.snapshots or conf.specials:
        die("a configuration with snapshots or pending changes does not come through the tunnel")
    live = {k: v.strip() for k, v in conf.live.items() if k not in ("lock", _OWN)}
    creating = _creating(call, guest, live)
    settings, drives = _taken_apart(creating, guest)
    errors = creating.method.parameters.check(live)
    for key in live:
        if key not in settings and key not in drives:
            die(f"'{key}' is no configuration of a {guest.word}")
        if key in errors:
            die(f"invalid configuration - {key}: {errors[key]}".replace("\n", " ").rstrip())
    brought = _brought(tunnel, {**settings, **drives})
    _check_permissions(creating, guest, settings, drives, {k: v for k, v in drives.items() if k not in brought})
    return {k: v for k, v in conf.live.items() if k in live or k == _OWN}


def _creating(call: Call, guest: Guest, live: Section) -> Call:
    """The request that would make this guest."""
    method = call.routes.method("POST", f"/nodes/{{node}}/{guest.kind}")
    names = {"node": guest.node, "vmid": str(guest.vmid)}
    return Call(call.cluster, call.routes, method, {**live, **names}, call.user)


def _taken_apart(creating: Call, guest: Guest) -> tuple[Section, Section]:
    if guest.is_qemu:
        return machines.settings_of(creating)
    return _mounts.split(containers.settings_of(creating))


def _brought(tunnel: Tunnel, live: Section) -> set[str]:
    """The keys of the volumes that came through the tunnel; a guest has no other disks."""
    found = set[str]()
    for key, text in live.items():
        if not tunnel.guest.is_volume_key(key) and not re.fullmatch(r"unused\d+", key):
            continue
        volid = _drives.parse_volume(text)
        if volid in tunnel.volumes:
            found.add(key)
        elif ":" in volid and not _drives.is_cdrom(text, but_not_cloudinit=True):
            die(f"volume '{volid}' did not come through the tunnel")
    return found


def _check_permissions(creating: Call, guest: Guest, settings: Section, drives: Section, others: Section) -> None:
    """`others` are drives and mount points that are no volume of the guest: ISO images, devices, directories."""
    if guest.is_qemu:
        _of_machines.check_keys(creating, guest.vmid, [*settings, *drives])
        _of_machines.check_values(creating, guest.vmid, {**settings, **drives})
        _disks.check_access(creating, others, guest.vmid)
    else:
        plain = {k: v for k, v in settings.items() if k not in ("unprivileged", "template")}
        _of_containers.check(creating, guest.vmid, plain)
        _mounts.check_access(creating, others)
