"""What a change of each parameter costs a running container.

The facts are those of `vmconfig_hotplug_pending` (PVE::LXC::Config; 8.4 and 9.1 do the same): what is not named here
waits for the next start.
"""

from __future__ import annotations

from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._verdict import AT_ONCE, SILENT, UNSEEN, WAITS, Edit, Verdict, rows, verdict, waits


def _only_added(edit: Edit) -> Verdict:
    return AT_ONCE if edit.old is None else waits("what is in use is changed at a start")


def _only_set(edit: Edit) -> Verdict:
    return WAITS if edit.new is None else AT_ONCE


TABLE = rows(
    ("description|lock|onboot|protection|startup|tags", SILENT),
    ("hookscript|hostname", UNSEEN),
    ("cores|cpulimit|cpuunits|swap", AT_ONCE),
    ("memory", _only_set),
    (r"net\d", AT_ONCE),
    # PVE's pattern for cards that are taken off a running container knows those of one digit only.
    (r"net\d\d", _only_set),
    (r"(mp|dev)\d+", _only_added),
    (r"unused\d+", AT_ONCE),
)


def impact(edit: Edit) -> Verdict:
    """What a change of this parameter costs a container that runs."""
    return verdict(TABLE, edit)


def usual(key: str, part: str) -> Impact:
    """What a change of a parameter, or of this part of it, costs a running container."""
    if part == "size":
        return Impact.HOTPLUG
    if part == "storage":
        return Impact.STOP_START
    return impact(Edit(key, "1", "2", {})).impact
