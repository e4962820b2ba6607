"""The second half of a log-in: the challenge, and whether its answer is right."""

from __future__ import annotations

import json

from proxmox_mpc.simulator import _tickets
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator.state.second_factors import (
    ALL_FAILURES,
    LOCKED_S,
    RECOVERY,
    SecondFactors,
    take_code,
    take_recovery_key,
)


def challenge(call: Call, user: str) -> str:
    """The ticket that asks for a second factor; nothing where the user has none."""
    second = call.cluster.access.users[user].second
    asked: dict[str, object] = {}
    if second.of("totp"):
        asked["totp"] = True
    for keys in second.of(RECOVERY):
        asked[RECOVERY] = [number for number, key in enumerate(keys.keys) if key]
    return _tickets.make_half_ticket(call.cluster, user, json.dumps(asked)) if asked else ""


def is_valid(call: Call, user: str) -> bool:
    """Is the answer (`totp:123456`, `recovery:…`) right, for a challenge of this user? Wrong ones are counted."""
    known = call.cluster.access.users.get(user)
    if known is None or not _tickets.is_active(call.cluster, user):
        return False
    if not _tickets.is_half_ticket(call.cluster, call.text("tfa-challenge"), user):
        return False
    second, now = known.second, call.cluster.now()
    if second.locked_until > now:
        return False
    kind, _, answer = call.text("password").partition(":")
    if _takes(second, kind, answer, now):
        second.unlock()
        return True
    second.totp_failures += kind == "totp"
    second.failures += 1
    if second.failures >= ALL_FAILURES:
        second.failures, second.locked_until = 0, int(now) + LOCKED_S
    call.cluster.note_change()
    return False


def _takes(second: SecondFactors, kind: str, answer: str, now: float) -> bool:
    if kind == "totp":
        return not second.is_totp_locked and any(take_code(factor, answer, now) for factor in second.of("totp"))
    return kind == RECOVERY and any(take_recovery_key(factor, answer) for factor in second.of(RECOVERY))
