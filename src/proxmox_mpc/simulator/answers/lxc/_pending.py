"""Makes pending changes of a container true: all when it is off, some while it runs."""

from __future__ import annotations

import re

from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.state.guest import Guest

# What changes in a running container at once (PVE::LXC::Config, 9.1).
_HOT = re.compile(
    r"description|onboot|startup|protection|hostname|hookscript|cores|tags|lock|memory|swap|cpulimit|cpuunits|template"
    r"|net\d+|mp\d+|unused\d+"
)


def apply(work: Work, guest: Guest) -> None:
    """Everything pending becomes true that can, given whether the container runs."""
    conf = guest.conf
    if not conf.pending:
        return
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


def _keep_unused(guest: Guest, mount: str, work: Work) -> None:
    volid = _drives.parse_volume(mount)
    used = {_drives.parse_volume(t) for k, t in guest.live.items() if guest.is_volume_key(k) or k.startswith("unused")}
    if volid not in used and _volumes.owned_by(work.cluster, volid, guest.vmid):
        slot = next(f"unused{n}" for n in range(256) if f"unused{n}" not in guest.live)
        guest.live[slot] = volid
