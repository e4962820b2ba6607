"""Tickets, CSRF tokens and API tokens: who is calling."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from proxmox_mpc.simulator._errors import unauthorized
from proxmox_mpc.simulator.state.cluster import Cluster

# A ticket is good for two hours; clocks may be five minutes apart.
LIFETIME_S = 2 * 3600
_SKEW_S = 300

# One for a console is good for less than a minute (PVE::AccessControl, 9.1).
VNC_LIFETIME_S = 40
_VNC_SKEW_S = 20

_COOKIE = re.compile(r"(?:^|[;\s])PVEAuthCookie=([^;]*)")
_TICKET = re.compile(r"PVE:([^\s:]+):([0-9A-F]{8})::(.+)", re.DOTALL)
_VNC_TICKET = re.compile(r"PVEVNC:([0-9A-F]{8})::([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Caller:
    """The authenticated user. `by_token` when it came with an API token, which needs no CSRF token."""

    user: str
    by_token: bool


def _sign(cluster: Cluster, text: str) -> str:
    made = hmac.new(cluster.secret.encode(), text.encode(errors="replace"), hashlib.sha256).digest()
    return base64.b64encode(made * 8).decode()


def _is_same(given: str, wanted: str) -> bool:
    """Compared as bytes: of texts, only ASCII could be, and callers send what they like."""
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


def make_ticket(cluster: Cluster, user: str) -> str:
    stamp = f"{int(cluster.now()):08X}"
    return f"PVE:{user}:{stamp}::{_sign(cluster, f'PVE:{user}:{stamp}')}"


def is_ticket(cluster: Cluster, ticket: str, user: str = "") -> str | None:
    """The user of a valid ticket, or None. With `user`, only that user's."""
    found = _TICKET.fullmatch(ticket)
    if not found or (user and found[1] != user):
        return None
    age = cluster.now() - int(found[2], 16)
    good = _is_same(found[3], _sign(cluster, f"PVE:{found[1]}:{found[2]}"))
    return found[1] if good and -_SKEW_S < age < LIFETIME_S else None


def make_half_ticket(cluster: Cluster, user: str, challenge: str) -> str:
    """What a log-in gives to somebody whose second factor is still to come: no ticket for anything but that."""
    stamp = f"{int(cluster.now()):08X}"
    data = f"!tfa!{quote(challenge, safe='')}"
    return f"PVE:{data}:{stamp}::{_sign(cluster, f'PVE:{data}:{stamp}:{user}')}"


def is_half_ticket(cluster: Cluster, ticket: str, user: str) -> bool:
    """Did this user show his first factor lately?"""
    found = _TICKET.fullmatch(ticket)
    if not found or not found[1].startswith("!tfa!"):
        return False
    good = _is_same(found[3], _sign(cluster, f"PVE:{found[1]}:{found[2]}:{user}"))
    return good and -_SKEW_S < cluster.now() - int(found[2], 16) < LIFETIME_S


def make_vnc_ticket(cluster: Cluster, user: str, path: str) -> str:
    """A ticket for the console of `path`; it does not name its user, but is that user's alone."""
    stamp = f"{int(cluster.now()):08X}"
    return f"PVEVNC:{stamp}::{_sign(cluster, f'PVEVNC:{user}:{stamp}:{path}')}"


def is_vnc_ticket(cluster: Cluster, ticket: str, user: str, path: str) -> bool:
    """Is it a ticket for this user and path, not too old?"""
    found = _VNC_TICKET.fullmatch(ticket)
    if not found or not _is_same(found[2], _sign(cluster, f"PVEVNC:{user}:{found[1]}:{path}")):
        return False
    return -_VNC_SKEW_S < cluster.now() - int(found[1], 16) < VNC_LIFETIME_S


def make_csrf(cluster: Cluster, user: str) -> str:
    stamp = f"{int(cluster.now()):08X}"
    return f"{stamp}:{_csrf(cluster, user, stamp)}"


def _csrf(cluster: Cluster, user: str, stamp: str) -> str:
    made = hmac.new(cluster.secret.encode(), f"csrf:{stamp}:{user}".encode(errors="replace"), hashlib.sha256).digest()
    return base64.b64encode(made).decode().rstrip("=")


def is_csrf(cluster: Cluster, user: str, token: str) -> bool:
    stamp, _, rest = token.partition(":")
    if not re.fullmatch(r"[0-9A-F]{8}", stamp) or not _is_same(rest, _csrf(cluster, user, stamp)):
        return False
    return -_SKEW_S < cluster.now() - int(stamp, 16) < LIFETIME_S


def is_active(cluster: Cluster, user: str) -> bool:
    """The user exists, is enabled and has not expired; root always is (PVE::AccessControl, 9.1)."""
    if user == "root@pam":
        return True
    known = cluster.access.users.get(user)
    return known is not None and known.enable and not (known.expire and known.expire <= cluster.now())


def identify(cluster: Cluster, cookie: str, authorization: str) -> Caller:
    """Who calls, by the request's headers. Raises 401 with PVE's reasons."""
    if authorization.startswith("PVEAPIToken") and len(authorization) > len("PVEAPIToken="):
        return Caller(_by_token(cluster, authorization[len("PVEAPIToken=") :]), True)
    if authorization.startswith("PVEAuthCookie"):
        cookie = authorization
    found = _COOKIE.search(cookie)
    ticket = unquote(found[1]) if found else ""
    if not ticket:
        unauthorized("No ticket")
    user = is_ticket(cluster, ticket)
    if user is None or not is_active(cluster, user):
        unauthorized("Authentication failed!")
    return Caller(user, False)


def _by_token(cluster: Cluster, text: str) -> str:
    full, _, secret = text.partition("=")
    token = cluster.access.token(full)
    if token is None or not is_active(cluster, full.partition("!")[0]):
        unauthorized("Authentication failed!")
    if token.expire and token.expire <= cluster.now():
        unauthorized("Authentication failed!")
    if not _is_same(secret, token.secret):
        unauthorized("Authentication failed!")
    return full
