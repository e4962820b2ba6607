"""/access/ticket: logging in, and what the log-in shows of the user's powers."""

from __future__ import annotations

import re
from typing import Any

from proxmox_mpc.simulator import _permissions, _tickets
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.access import _second_factor
from proxmox_mpc.simulator.state.access import is_password

# A failed log-in is answered this late.
_PENALTY_S = 3.0

_AREAS = {
    "vms": r"VM\.|Permissions\.Modify",
    "access": r"(?:User|Group)\.|Permissions\.Modify",
    "storage": r"Datastore\.|Permissions\.Modify",
    "nodes": r"Sys\.|Permissions\.Modify",
    "sdn": r"SDN\.|Permissions\.Modify",
    "dc": r"Sys\.Audit|Sys\.Modify|SDN\.",
    "mapping": r"Mapping\.|Permissions\.Modify",
}
_ALWAYS = ("/", "/nodes", "/access/groups", "/vms", "/storage", "/sdn", "/mapping")


def _powers(call: Call, user: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {area: {} for area in _AREAS}
    for path in dict.fromkeys((*_ALWAYS, *(r.path for r in call.cluster.access.rules))):
        area = path.split("/")[1] or "dc"
        for privilege in _permissions.privileges(call.cluster, user, path):
            if area == "pool":
                if privilege.startswith("VM."):
                    found["vms"][privilege] = 1
                elif privilege.startswith("Datastore."):
                    found["storage"][privilege] = 1
            elif area in _AREAS and re.match(_AREAS[area], privilege):
                found[area][privilege] = 1
    return found


@answers("GET", "/access/ticket")
def nothing(call: Call) -> None:
    """Exists so that browsers can show a log-in page."""


@answers("POST", "/access/ticket")
async def login(call: Call) -> Any:
    user = call.text("username")
    if "realm" in call.params and not user.endswith(f"@{call.text('realm')}"):
        user = f"{user}@{call.text('realm')}"
    is_second = "tfa-challenge" in call.params
    if not (_second_factor.is_valid(call, user) if is_second else _is_valid(call, user)):
        await call.cluster.clock.sleep(_PENALTY_S)
        raise ApiError(401, "authentication failure\n")
    if "path" in call.params:
        # A check of a permission: PVE answers without a ticket (auth-login, 9.1).
        for privilege in call.items("privs"):
            if not _may(call, user, privilege):
                raise ApiError(401, "authentication failure\n")
        return {"username": user, "cap": _powers(call, user)}
    # A ticket in the place of the password was given for both factors.
    is_renewal = _tickets.is_ticket(call.cluster, call.text("password"), user) is not None
    if not is_second and not is_renewal and (challenge := _second_factor.challenge(call, user)):
        return {**session(call, user), "ticket": challenge, "NeedTFA": 1}
    return session(call, user)


def session(call: Call, user: str) -> dict[str, Any]:
    """What a successful log-in answers."""
    found = {
        "username": user,
        "ticket": _tickets.make_ticket(call.cluster, user),
        "CSRFPreventionToken": _tickets.make_csrf(call.cluster, user),
        "cap": _powers(call, user),
    }
    return {**found, "clustername": call.cluster.name} if call.cluster.is_formed else found


def _may(call: Call, user: str, privilege: str) -> bool:
    return _permissions.allows(call.cluster, user, call.text("path"), [privilege])


def _is_valid(call: Call, user: str) -> bool:
    password = call.text("password")
    known = call.cluster.access.users.get(user)
    if known is None or not _tickets.is_active(call.cluster, user) or "otp" in call.params:
        return False
    return _tickets.is_ticket(call.cluster, password, user) is not None or is_password(password, known.password)


@answers("POST", "/access/vncticket")
async def vnc_ticket(call: Call) -> None:
    user, path = call.text("authid"), call.text("path")
    allowed = _tickets.is_vnc_ticket(call.cluster, call.text("vncticket"), user, path) and any(
        _may(call, user, privilege) for privilege in call.items("privs")
    )
    if not allowed:
        raise ApiError(401, "authentication failure\n")
