"""Makes pending changes of a container true: all when it is off, some while it runs."""

from __future__ import annotations

import re

from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.guests import _drives, _guest, _volumes
from proxmox_mpc.simulator.state.guest import Guest

# What changes in a running container at once (PVE::LXC::Config, 9.1).
_SET = re.compile(
    r"description|onboot|startup|protection|hostname|hookscript|cores|tags|lock|memory|swap|cpulimit|cpuunits"
    r"|net\d+|unused\d+"
)
# What goes at once: of cards only those of one digit.
_GONE = re.compile(
    r"description|onboot|startup|protection|hostname|hookscript|cores|tags|lock|swap|cpulimit|cpuunits|net\d|unused\d+"
)
# What comes at once, and is not changed while it is there.
_ADDED = re.compile(r"(?:mp|dev)\d+")


def _is_hot(guest: Guest, key: str) -> bool:
    return bool(_SET.fullmatch(key)) or (bool(_ADDED.fullmatch(key)) and key not in guest.live)


def apply(work: Work, guest: Guest) -> None:
    """Everything pending becomes true that can, given whether the container runs."""
    conf = guest.conf
    if not conf.pending:
        return
    _guest.drop_settled(conf)
    for key in _guest.pending_deletes(conf):
        if not guest.is_running or _GONE.fullmatch(key):
            before = guest.live.pop(key, None)
            _guest.revert(conf, [key])
            if before and key.startswith("unused"):
                _volumes.remove(work.cluster, _drives.parse_volume(before), guest.node)
            elif before and re.fullmatch(r"mp\d+", key):
                _keep_unused(guest, before, work)
    for key, value in [(k, v) for k, v in conf.pending.items() if k != "delete"]:
        if not guest.is_running or _is_hot(guest, key):
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
