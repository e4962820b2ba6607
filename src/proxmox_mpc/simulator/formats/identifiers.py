"""Names of users, groups, nodes, guests and configuration entries."""

from __future__ import annotations

import re
from collections.abc import Callable

from proxmox_mpc.simulator.formats._error import FormatError, looks_like, says

# The longest user name, realm included (PVE::AccessControl, 9.1).
_LONGEST_USER = 64

_USER = re.compile(r"[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+")
_TOKEN = re.compile(r"[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+")


def user(value: str) -> None:
    if len(value) > _LONGEST_USER:
        raise FormatError(f"user name '{value}' is too long ({len(value)} > {_LONGEST_USER})\n")
    if not _USER.fullmatch(value):
        raise FormatError(f"value '{value}' does not look like a valid user name\n")


def token(value: str) -> None:
    if not _TOKEN.fullmatch(value):
        raise FormatError(f"value '{value}' does not look like a valid token ID\n")


def pool(value: str) -> None:
    """Nested pools (`parent/child`) since 8.1, at most three levels."""
    if not re.fullmatch(r"[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+){0,2}", value):
        raise FormatError(f"pool name '{value}' contains invalid characters\n")


FORMATS: dict[str, Callable[[str], None]] = {
    "pve-userid": user,
    "pve-tokenid": token,
    "pve-poolid": pool,
    "pve-vmid": looks_like(r"[1-9][0-9]{2,8}", "VM ID"),
    "pve-node": looks_like(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-]*[a-zA-Z0-9])?", "node name"),
    "pve-configid": says(r"[A-Za-z][A-Za-z0-9_\-]+", "invalid configuration ID '{value}'"),
    "pve-groupid": says(r"[A-Za-z0-9.\-_]+", "group name '{value}' contains invalid characters"),
    "pve-roleid": says(r"[A-Za-z0-9.\-_]+", "role name '{value}' contains invalid characters"),
    "pve-realm": says(r"[A-Za-z][A-Za-z0-9.\-_]+", "value does not look like a valid realm"),
    "email": looks_like(r"[\w+\-~.]+@[a-zA-Z0-9\-]+(?:\.[a-zA-Z0-9\-]+)*\.[a-zA-Z]{2,}", "email address"),
    "email-or-username": looks_like(
        r"(?:[\w+\-~]+(?:\.[\w+\-~]+)*@[a-zA-Z0-9\-.]+|[a-zA-Z0-9_.][a-zA-Z0-9_.\-]{0,63})",
        "email address or user name",
    ),
    "pve-task-status-type": says(r"ok|error|warning|unknown", "invalid status '{value}'", re.IGNORECASE),
    "pve-replication-job-id": says(r"[1-9][0-9]{2,8}-\d{1,9}", "invalid replication job id '{value}'"),
}
