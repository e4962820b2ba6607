"""Which error an answer is: the one place where PVE's statuses and texts become types.

PVE tells most things by text alone (an unknown guest is a 500), so the texts decide; those here were seen on
9.1.7, older ones are marked. The first match wins, so the narrow stands before the wide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from proxmox_mpc.pve.errors import (
    AlreadyExists,
    AuthenticationFailed,
    DigestMismatch,
    GuestMissing,
    InUse,
    Locked,
    NodeUnreachable,
    NoQuorum,
    NotSupported,
    ObjectMissing,
    ParametersRejected,
    PermissionDenied,
    Protected,
    PveError,
    WrongState,
)

# 595 and up are the proxy's own words for "the node behind me does not answer"; 502 to 504 are those of
# proxies before it.
_NODE_SILENT = frozenset({502, 503, 504, 595, 596, 597, 598, 599})

_BY_STATUS: Mapping[int, type[PveError]] = {
    401: AuthenticationFailed,
    404: ObjectMissing,
    501: NotSupported,
    506: NotSupported,
    **dict.fromkeys(_NODE_SILENT, NodeUnreachable),
}

_BY_TEXT: tuple[tuple[type[PveError], re.Pattern[str]], ...] = tuple(
    (kind, re.compile("|".join(texts)))
    for kind, *texts in (
        (ObjectMissing, r"Permission check failed \(pool '.*' does not exist\)", r"^no such cluster node"),
        (
            PermissionDenied,
            r"Permission check failed",
            r"^only root can set",
            r"is only allowed for root@pam",
        ),
        (NodeUnreachable, r"hostname lookup '.*' failed"),
        (NoQuorum, r"no quorum", r"cluster not ready", r"/etc/pve/\S*'? - Permission denied"),
        (
            Locked,
            r"can't lock file",
            r"can't a\w*quire (cfs )?lock",
            r"got lock (request )?timeout",  # cfs locks, 6.x and later
            r"^(VM|CT) is locked( \(|$)",
            r"invalid lock token",  # SDN's global lock
        ),
        (DigestMismatch, r"detected modified configuration", r"^checksum mismatch \(file change"),
        (
            GuestMissing,
            r"Configuration file '.*' does not exist",
            r"unable to find configuration file for",
            r"^Guest '\d+' does not exist",
            r"could not find target (VM|CT)",
            r"(VM|VM/CT|CT) \d+ does not exist",
        ),
        (Protected, r"protection mode enabled", r"cannot remove protected"),
        (
            NotSupported,
            r"ha groups have been migrated to rules",
            # Ceph's software, and its configuration.
            r"^binary not installed",
            r"configuration not initialized",
        ),
        (
            ParametersRejected,
            r"no such option",
            r"unexpected property",
            r"missing value for required option",
            r"unable to (modify|delete) (required|read-only) option",
            r"unable to parse (value|directory volume|volume)",
            r"^no options specified",
            r"cannot set and delete property",
            r"can't change value of fixed parameter",
            r"does not support content type",
            r"^invalid (bootorder|VMID)",
            r"reserved name\)$",
            r"unknown section type",
        ),
        (
            AlreadyExists,
            r"already exists",
            r"already defined",
            r"does already exist",
            r"refusing to override existing",
            r"^disk image .* already exists",
        ),
        (
            WrongState,
            r"already running",
            r"not running",
            r"is running( |$)",
            r"if (the )?(VM|CT) is running",
            r"running container",
            r"if it's a template",
            r"a template to a template",
            r"No QEMU guest agent configured",
        ),
        (
            InUse,
            r"is not empty",
            r"is used by",
            r"(is )?already in use",
            r"used in HA resources",
            r"referenced by",
        ),
        (
            ObjectMissing,
            r"does not exist",
            r"doesn't exist",
            r"don't exist",
            r"[Nn]o such ",
            r" not found$",
            r" not defined$",
            r"^no rule at position",
            r"unknown nodes",
            r"is not a known host",
            r"is not HA managed",
        ),
    )
)

# Among the texts about one parameter, those that speak of the object and not of the value.
_MISSING_OBJECT = re.compile(
    r"^no such (task|alias|IP/Network)$"
    r"|^No such (job|storage)"
    r"|^(Realm|interface|IPSet '.*'|Security group '.*') does not exist"
)
_EXISTING_OBJECT = re.compile(
    r"^(interface|VM \d+|CT \d+|Token|alias '.*'|address '.*') already exists|does already exist$"
)
_EXISTING_NAMED = re.compile(r"^(IPSet|Security group) '.*' already exists$")

# Parameter errors raised inside a lock arrive as a 500 with the errors in the text (backup jobs, tokens, SDN,
# 9.1.7).
_NESTED = re.compile(r"400 Parameter verification failed\.\s*\n(?P<lines>.*)", re.DOTALL)
_NODE = re.compile(r"/nodes/([^/]+)")
_PERL_PLACE = re.compile(r" at /usr/share/perl5/\S+ line \d+\.?")


def refusal(
    status: int,
    text: str,
    errors: Mapping[str, str] | None = None,
    *,
    method: str = "",
    path: str = "",
) -> PveError:
    """The error that an answer of `status` with this text (and texts per parameter) is."""
    text = _printable(text)
    errors = {name: _printable(why) for name, why in (errors or {}).items()}
    nested = _NESTED.search(text)
    if nested and not errors:
        errors = dict(line.split(": ", 1) for line in nested["lines"].splitlines() if ": " in line)
    message = _PERL_PLACE.sub("", text).strip() or f"HTTP status {status} without a reason"
    kind = _by_errors(errors) if errors else _by_text(status, message)
    if errors and kind is not ParametersRejected:
        message = "; ".join(each.strip() for each in errors.values())
    elif errors and nested:
        message = "Parameter verification failed."
    if kind is NodeUnreachable and (place := _NODE.match(path)):
        message = f"node {place[1]} does not answer: {message}"  # the proxy's words name no node
    return kind(message, status=status, errors=errors, method=method, path=path)


def _printable(text: str) -> str:
    """Without control characters: no server may steer the user's terminal."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)


def _by_errors(errors: Mapping[str, str]) -> type[PveError]:
    texts = [text.strip() for text in errors.values()]
    if len(texts) == 1:
        if _MISSING_OBJECT.search(texts[0]):
            return ObjectMissing
        if _EXISTING_OBJECT.search(texts[0]) or _EXISTING_NAMED.search(texts[0]):
            return AlreadyExists
    return ParametersRejected


def _by_text(status: int, message: str) -> type[PveError]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    for kind, pattern in _BY_TEXT:
        if pattern.search(message):
            return kind
    return {400: ParametersRejected, 403: PermissionDenied}.get(status, PveError)
