"""Formats of access control, schedules and other cluster-wide settings."""

from __future__ import annotations

import json
from collections.abc import Callable

from proxmox_mpc.simulator.formats._error import FormatError, says
from proxmox_mpc.simulator.state import calendar

# Those of every version (`_ONLY_IN` adds to them).
_EVERYWHERE = frozenset(
    """Datastore.Allocate Datastore.AllocateSpace Datastore.AllocateTemplate Datastore.Audit Group.Allocate
    Mapping.Audit Mapping.Modify Mapping.Use Permissions.Modify Pool.Allocate Pool.Audit Realm.Allocate
    Realm.AllocateUser SDN.Allocate SDN.Audit SDN.Use Sys.AccessNetwork Sys.Audit Sys.Console Sys.Incoming Sys.Modify
    Sys.PowerMgmt Sys.Syslog User.Modify VM.Allocate VM.Audit VM.Backup VM.Clone VM.Config.CDROM VM.Config.CPU
    VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options VM.Console
    VM.Migrate VM.PowerMgmt VM.Snapshot VM.Snapshot.Rollback""".split()
)
# 9.0 took VM.Monitor apart (GET /access/roles/{roleid}, 8.4 and 9.1).
_ONLY_IN = {
    "8.4": frozenset({"VM.Monitor"}),
    "9.1": frozenset(
        """VM.GuestAgent.Audit VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite
        VM.GuestAgent.Unrestricted VM.Replicate""".split()
    ),
}
PRIVILEGES = {version: _EVERYWHERE | more for version, more in _ONLY_IN.items()}


def privilege(value: str) -> None:
    if not any(value in known for known in PRIVILEGES.values()):
        raise FormatError(f"invalid privilege '{value}'\n")


def command_batch(value: str) -> None:
    try:
        commands = json.loads(value)
    except ValueError:
        shown = value[:20]
        raise FormatError(
            "commands param did not contain valid JSON: malformed JSON string, neither tag, array, object, number,"
            f' string or atom, at character offset 0 (before "{shown}") at /usr/share/perl5/PVE/API2/Nodes.pm'
            " line 97.\n"
        ) from None

    if not isinstance(commands, list):
        raise FormatError("commands is not an array at /usr/share/perl5/PVE/API2/Nodes.pm line 102.\n")
    for command in commands:
        for key in ("path", "method"):
            if not isinstance(command, dict) or not isinstance(command.get(key), str):
                raise FormatError(f"no {key} given at /usr/share/perl5/PVE/API2/Nodes.pm line 105.\n")


def calendar_event(value: str) -> None:
    try:
        calendar.parse(value)
    except ValueError as error:
        text = f"invalid calendar event '{value}' - unable to parse calendar event at '{error}'"
        raise FormatError(f"{text}\n\n") from None


FORMATS: dict[str, Callable[[str], None]] = {
    "pve-priv": privilege,
    "pve-command-batch": command_batch,
    "pve-calendar-event": calendar_event,
    "graphite-path": says(r"[\w.\-]+", "value does not look like a valid graphite path"),
    "pve-day-of-week": says(r"mon|tue|wed|thu|fri|sat|sun", "value does not look like a valid day of week"),
    "pve-ha-resource-id": says(r"(?:vm|ct):[1-9][0-9]{2,8}", "value does not look like a valid ha resource id"),
    "pve-ha-resource-or-vm-id": says(r"[a-z]+:\S+|[1-9][0-9]{2,8}", "value does not look like a valid ha resource id"),
    "pve-ha-node": says(
        r"[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?(?::\d+)?", "value does not look like a valid ha node"
    ),
}
