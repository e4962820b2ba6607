"""/access/tfa: second factors. Time-based codes and recovery keys work; what needs a device or a server cannot."""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Iterator
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.state.access import User, is_password
from proxmox_mpc.simulator.state.second_factors import (
    RECOVERY,
    Factor,
    SecondFactors,
    check_uri,
    new_recovery_keys,
    take_code,
)

_ALL, _OF_USER, _ONE = "/access/tfa", "/access/tfa/{userid}", "/access/tfa/{userid}/{id}"


def _row(factor: Factor) -> dict[str, Any]:
    row = {"id": factor.id, "type": factor.kind, "description": factor.description, "created": factor.created}
    return row if factor.enable else {**row, "enable": 0}


def _user(call: Call) -> User | None:
    return call.cluster.access.users.get(call.text("userid"))


def _visible(call: Call) -> Iterator[tuple[str, SecondFactors]]:
    for name, user in call.cluster.access.users.items():
        groups = [f"/access/groups/{group}" for group in call.cluster.access.groups_of(name)]
        everywhere = call.may("/access/groups", "User.Modify", "Sys.Audit")
        if name == call.user or everywhere or any(call.may(g, "User.Modify", "Sys.Audit") for g in groups):
            yield name, user.second


@answers("GET", _ALL)
def of_everybody(call: Call) -> Any:
    """Users without factors are not listed."""
    rows = []
    for name, second in _visible(call):
        if not second.factors:
            continue
        row: dict[str, Any] = {"userid": name, "entries": [_row(factor) for factor in second.factors]}
        if second.is_totp_locked:
            row["totp-locked"] = 1
        if second.locked_until > call.cluster.now():
            row["tfa-locked-until"] = second.locked_until
        rows.append(row)
    return rows


@answers("GET", _OF_USER)
def of_user(call: Call) -> Any:
    user = _user(call)
    return [_row(factor) for factor in user.second.factors] if user else []


def _find(call: Call) -> Factor | None:
    user = _user(call)
    return next((f for f in user.second.factors if f.id == call.text("id")), None) if user else None


@answers("GET", _ONE)
def read(call: Call) -> Any:
    if (factor := _find(call)) is None:
        raise ApiError(404, f"No such tfa entry '{call.text('id')}'\n")
    return _row(factor)


def _check_password(call: Call) -> None:
    """Whoever is not root must show that he knows his password, even to change somebody else's factors."""
    if call.is_root:
        return
    if "password" not in call.params:
        refuse({"password": "property is missing, and changing second factors needs it"})
    if not is_password(call.text("password"), call.cluster.access.users[call.user].password):
        raise ApiError(401, "authentication failure\n")


@answers("POST", _OF_USER)
def add(call: Call) -> Any:
    user = _user(call)
    if user is None:
        die(f"no such user ('{call.text('userid')}')")
    _check_password(call)
    return _ADD[call.text("type")](call, user.second)


def _description(call: Call) -> str:
    if not call.text("description"):
        refuse(description="missing required property 'description'")
    return call.text("description")


def _add_totp(call: Call, second: SecondFactors) -> dict[str, Any]:
    if "totp" not in call.params or "value" not in call.params:
        die("missing required 'totp' address or code 'value'")
    try:
        check_uri(call.text("totp"))
    except ValueError as error:
        refuse(totp=f"invalid totp address: {error}")
    now = call.cluster.now()
    made = Factor(str(uuid.uuid4()), "totp", _description(call), int(now), uri=call.text("totp"))
    if not take_code(made, call.text("value"), now):
        die("failed to verify TOTP challenge")
    second.factors.append(made)
    return {"id": made.id}


def _add_recovery(call: Call, second: SecondFactors) -> dict[str, Any]:
    """One set per user; the keys are shown now and never again."""
    if any(factor.kind == RECOVERY for factor in second.factors):
        die("user already has recovery keys")
    keys, hashed = new_recovery_keys()
    second.factors.append(Factor(RECOVERY, RECOVERY, "", int(call.cluster.now()), keys=hashed))
    return {"id": RECOVERY, "recovery": keys}


def _add_webauthn(call: Call, second: SecondFactors) -> dict[str, Any]:
    """A challenge is given out; its answer would need a device, and is refused."""
    options = call.cluster.files.get("datacenter", {}).get("options", {}).get("webauthn", "")
    settings = dict(part.partition("=")[::2] for part in options.split(",") if part)
    if not {"id", "rp"} <= settings.keys():
        die("webauthn not configured")
    if "challenge" in call.params:
        die("failed to verify webauthn challenge: a simulator knows no devices")
    _description(call)
    name = call.text("userid")
    public_key = {
        "challenge": secrets.token_urlsafe(32),
        "rp": {"id": settings["id"], "name": settings["rp"]},
        "user": {"id": name.encode().hex(), "name": name, "displayName": name},
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
        "timeout": 60_000,
        "attestation": "none",
    }
    return {"id": str(uuid.uuid4()), "challenge": json.dumps({"publicKey": public_key})}


def _without_server(call: Call, second: SecondFactors) -> dict[str, Any]:
    die(f"{call.text('type')} keys cannot be verified: a simulator reaches no server for them")


_ADD = {
    "totp": _add_totp,
    RECOVERY: _add_recovery,
    "webauthn": _add_webauthn,
    "yubico": _without_server,
    "u2f": _without_server,
}


@answers("PUT", _ONE)
def change(call: Call) -> None:
    _check_password(call)
    if (factor := _find(call)) is None:
        die("no such entry")
    if "description" in call.params:
        factor.description = call.text("description")
    if "enable" in call.params:
        factor.enable = call.flag("enable")


@answers("DELETE", _ONE)
def remove(call: Call) -> None:
    _check_password(call)
    factor, user = _find(call), _user(call)
    if factor is None or user is None:
        die("no such entry")
    user.second.factors.remove(factor)


# --- the older view of one user ---------------------------------------------------------------------


@answers("GET", "/access/users/{userid}/tfa")
def kinds(call: Call) -> Any:
    """Which kinds a user has: all of them, or the one that log-ins of old would ask for."""
    user = _user(call)
    found = sorted({factor.kind for factor in user.second.factors if factor.enable}) if user else []
    if call.flag("multiple"):
        return {"user": found}
    return {"user": "oath"} if "totp" in found else {}


@answers("PUT", "/access/users/{userid}/unlock-tfa")
def unlock(call: Call) -> int:
    if (user := _user(call)) is not None:
        user.second.unlock()
    return 1
