"""Making a job of an action: what it works on, whose turn it needs, and with which rights it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._action import Action, Request
from proxmox_mpc.actions._gate import subject_of
from proxmox_mpc.actions._texts import invalid, told
from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.store import NewJob
from proxmox_mpc.store.jobs import APPLICATION
from proxmox_mpc.telemetry import tracing

TOKEN = "token"  # noqa: S105  the name of a field
"""The id of the token that asked, beside its limits: what it left behind ends with it."""
_LONGEST = 100
"""Letters of what a job works on: it stands in a list."""


def order(action: Action[Any, Any], request: Request, who: Who, context: str) -> NewJob:
    """The job that does an action for somebody. Of those of one application one is done at a time."""
    application = str(getattr(request, action.turn, "") or "") if action.turn else ""
    return NewJob(
        action=action.name,
        request=request.model_dump(mode="json", exclude_unset=True),
        actor=who.name,
        user_id=who.user_id,
        limits=limits_of(who),
        context=context,
        subject=APPLICATION + application if application else subject_of(request)[:_LONGEST],
        namespace="" if action.turn else str(getattr(request, "namespace", "") or ""),
        concurrency_key=f"{context}/{application}" if application else "",
        correlation=who.correlation,
        trace=tracing.carried(),
    )


def checked(action: Action[Any, Any], request: Mapping[str, Any]) -> Request:
    """A request as the action wants it. Raises InvalidInput with the field that is wrong."""
    try:
        made: Request = action.request.model_validate(dict(request))
    except ValidationError as error:
        raise InvalidInput(f"{action.name}: {told(invalid(error.errors())[0])}") from None
    return made


def given_from_outside(action: Action[Any, Any], request: Request) -> Request:
    """The same request. Raises InvalidInput where it has what only actions give each other."""
    if inner := sorted(request.model_fields_set - action.request.outside_fields().keys()):
        raise InvalidInput(f"{action.name}: {inner[0]}: is given by nobody from outside")
    return request


def limits_of(who: Who) -> dict[str, list[str]]:
    """What the token that asked may at most, as it is kept with a job; nothing where no token narrows it."""
    if (limits := who.access.limits) is None:
        return {}
    kept = {name: list(getattr(limits, name)) for name in ("permissions", "contexts", "namespaces")}
    return {**kept, TOKEN: [who.token_id]} if who.token_id else kept
