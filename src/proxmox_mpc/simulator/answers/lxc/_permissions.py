"""Which privilege each configuration key of a container asks for (PVE::LXC, 9.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import deny
from proxmox_mpc.simulator.answers.guests import _drives, _guest

_ROOT_ONLY = {
    "features": "changing feature flags (except nesting) is only allowed for root@pam",
    "hookscript": "changing the hookscript is only allowed for root@pam",
}


def check(call: Call, vmid: int, values: Mapping[str, str], deletes: Iterable[str] = ()) -> None:
    """Raise 403 for the first key that the user may not touch."""
    if call.is_root:
        return
    for key in [*values, *deletes]:
        _check_key(call, f"/vms/{vmid}", key, values.get(key))


def _check_key(call: Call, path: str, key: str, value: str | None) -> None:
    if key in ("cores", "cpuunits", "cpulimit"):
        _need(call, path, "VM.Config.CPU")
    elif re.fullmatch(r"rootfs|mp\d+|unused\d+", key):
        if value is None or not value.startswith("/"):
            _need(call, path, "VM.Config.Disk")
        else:
            deny("mount point type bind is only allowed for root@pam")
    elif key in ("memory", "swap"):
        _need(call, path, "VM.Config.Memory")
    elif re.fullmatch(r"net\d+", key):
        _need(call, path, "VM.Config.Network")
        if value is not None:
            parts = _drives.parse(value, "name")
            _guest.need_bridge(call, parts.get("bridge", ""), parts.get("tag", ""), parts.get("trunks", ""))
    elif key in ("nameserver", "searchdomain", "hostname"):
        _need(call, path, "VM.Config.Network")
    elif re.fullmatch(r"dev\d+", key):
        deny("configuring device passthrough is only allowed for root@pam")
    elif key == "features":
        if value is None or set(_drives.parse(value)) - {"nesting"}:
            deny(_ROOT_ONLY[key])
        _need(call, path, "VM.Allocate")
    elif key in _ROOT_ONLY:
        deny(_ROOT_ONLY[key])
    else:
        _need(call, path, "VM.Config.Options")


def _need(call: Call, path: str, wanted: str) -> None:
    if call.text("pool") and call.may(f"/pool/{call.text('pool')}", wanted):
        return
    call.need(path, wanted)
