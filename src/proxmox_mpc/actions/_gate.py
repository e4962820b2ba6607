"""The one gate that every action passes: may this actor do it, and what is written down of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from proxmox_mpc import telemetry
from proxmox_mpc.actions._access import Who
from proxmox_mpc.errors import DeniedError, MpcError
from proxmox_mpc.telemetry import metrics, tracing

if TYPE_CHECKING:
    from proxmox_mpc.actions._action import Action, Q, R, Request
    from proxmox_mpc.actions._session import Session

_log = telemetry.Logger("actions")
_inside: ContextVar[bool] = ContextVar("inside-an-action", default=False)
_permission: ContextVar[str] = ContextVar("permission-at-work", default="")
_SUBJECTS = ("guests", "application", "name", "names", "node", "kind", "target", "id")
"""Fields of requests that say what an action is about, the most telling first."""
_LONGEST = 200
"""Letters of a text, and entries of a list, that the audit keeps: it tells what was asked, it is no archive."""


class NotAllowed(DeniedError):
    """This user may not do that."""

    code = "auth.not-allowed"
    noted = False
    """Whether the audit has it: one denial is one record, however many actions it goes through."""


class PasswordMustChange(DeniedError):
    """The password has to be changed before anything else."""

    code = "auth.password-must-change"
    noted = False
    default_hint = "proxmox-cli user password, or POST /api/v1/auth/password"


@dataclass(frozen=True)
class AuditEntry:
    """What the audit keeps of a write, a login or a denial; `outcome` is `ok` or the error's code."""

    type: Literal["write", "login", "denial"]
    who: Who
    action: str
    context: str
    subject: str
    outcome: str
    detail: Mapping[str, Any] = field(default_factory=dict)


async def passed(session: Session, action: Action[Q, R], request: Q) -> R:
    """Carry out an action, once it is allowed. Raises NotAllowed, PasswordMustChange, and what the action raises.

    Actions that are called by others are checked too, but it is the outermost that is written down.
    """
    outermost = not _inside.get()
    context = await admit(session, action, request)
    permission, outcome = _permission.set(action.permission), "ok"
    try:
        with tracing.span(f"action {action.name}", context=context):
            if outermost and action.writes:
                return await _recorded(session, action, request, context)
            return await action.run(session, request)
    except BaseException as error:
        outcome = outcome_of(error)
        if outermost and isinstance(error, NotAllowed):
            await _denied(session, action, request, context, error)
        raise
    finally:
        _permission.reset(permission)
        if outermost:
            metrics.ACTIONS.add(action=action.name, outcome=outcome)


def at_work() -> str:
    """The permission of the action that is being carried out; the innermost, where one calls another."""
    return _permission.get()


async def _recorded(session: Session, action: Action[Q, R], request: Q, context: str) -> R:
    token = _inside.set(True)
    failure: BaseException | None = None
    result: R | None = None
    try:
        result = await action.run(session, request)
        return result
    except BaseException as error:
        failure = error
        raise
    finally:
        _inside.reset(token)
        if not isinstance(failure, NotAllowed) and not only_shown(getattr(request, "agreed", None), result):
            entry = _entry(session, action, request, context, "write", failure)
            failed = bool(getattr(result, "exit_code", 0))
            await session.record(replace(entry, outcome="failed") if failed else entry)


def only_shown(agreed: str | None, result: Any) -> bool:
    """Whether nothing was done: it was only said what would be, what is to be agreed to, or nothing was open.

    The result may be the action's own, or its JSON as a job keeps it.
    """

    def told(name: str, written: str = "") -> Any:
        return result.get(written or name) if isinstance(result, Mapping) else getattr(result, name, None)

    if told("dry_run", "dryRun") or told("asks") or told("settled") == []:
        return True
    return agreed == "" and told("plan") is not None and not told("outcomes")


async def _denied(
    session: Session, action: Action[Q, R], request: Q, context: str, error: NotAllowed | PasswordMustChange
) -> None:
    if not error.noted:
        error.noted = True
        await session.record(_entry(session, action, request, context, "denial", error))


async def admit(session: Session, action: Action[Q, R], request: Q, context: str = "") -> str:
    """Let an action pass, or write down that it was refused; the context that it works in, as far as that is known.

    Where it is to work in another `context` than the session's, that one counts.

    Raises NotAllowed, PasswordMustChange.
    """
    try:
        where = await _admitted(session, action, context)
    except (NotAllowed, PasswordMustChange) as error:
        await _denied(session, action, request, "", error)
        raise
    if not context and action.scope == "namespace" and action.turn and not session.who.access.is_unlimited:
        from proxmox_mpc.actions._visibility import require_application

        permission = _permission.set(action.permission)
        try:
            await require_application(session, str(getattr(request, action.turn)))
        finally:
            _permission.reset(permission)
    return where


async def _admitted(session: Session, action: Action[Any, Any], context: str = "") -> str:
    """The context that the action works in, if that had to be known."""
    who = session.who
    if action.scope == "public" or (who.access.is_unlimited and not who.must_change_password):
        return session.known_context
    if who.must_change_password and action.name not in ("password_change", "logout", "whoami"):
        raise PasswordMustChange()
    if action.scope == "own":
        return session.known_context
    access, permission = who.access, action.permission
    if action.scope == "anywhere":
        if not access.allows_somewhere(permission):
            raise not_allowed(session, permission, "")
        return session.known_context
    context = "*" if action.scope == "server" else context or (await session.context()).name
    if action.scope == "namespace":
        allowed = access.allows_somewhere(permission, context)
    else:
        allowed = access.allows(permission, context)
    if not allowed:
        raise not_allowed(session, action.permission, context)
    return context


def not_allowed(session: Session, permission: str, context: str, namespace: str = "", why: str = "") -> NotAllowed:
    """The refusal, with what is missing, and why that is needed."""
    where = f" in context {context}" if context not in ("", "*") else ""
    where += f", namespace {namespace}" if namespace not in ("", "*") else ""
    if not namespace and where and session.who.access.allows_somewhere(permission, context):
        where += " for all its namespaces"
    token = f"this token of {session.who.name}" if session.who.token_id else session.who.name
    return NotAllowed(
        f"{token} lacks the permission {permission}{where}{why}",
        hint="proxmox-cli whoami shows what is allowed; an admin grants roles: proxmox-cli grant add",
    )


def _entry(
    session: Session,
    action: Action[Any, Any],
    request: Request,
    context: str,
    kind: Literal["write", "denial"],
    error: BaseException | None,
) -> AuditEntry:
    outcome = outcome_of(error) if error is not None else "ok"
    shown = _shown(request)
    where = context or session.known_context
    return AuditEntry(kind, session.who, action.name, where, subject_of(request), outcome, shown)


def outcome_of(error: BaseException) -> str:
    """How something ended that failed: the error's code."""
    return error.code if isinstance(error, MpcError) else "interrupted"


def subject_of(request: Request) -> str:
    """What a request is about, in a few words."""
    shown = _shown(request)
    return next((str(_first(shown[name])) for name in _SUBJECTS if shown.get(name)), "")


def _first(value: Any) -> Any:
    return ", ".join(map(str, value[:5])) if isinstance(value, list) else value


def _shown(request: Request) -> dict[str, Any]:
    """The plain fields of a request that were given; contents (manifests, charts, values) and secrets are not kept."""
    shown: dict[str, Any] = {}
    for name, info in type(request).model_fields.items():
        value = getattr(request, name)
        if not info.repr or name not in request.model_fields_set or value in ("", None, [], {}):
            continue
        if isinstance(value, bool | int | float):
            shown[name] = value
        elif isinstance(value, str):
            shown[name] = telemetry.redacted(name, value[:_LONGEST])
        elif isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
            shown[name] = telemetry.redacted(name, [item[:_LONGEST] for item in value[:_LONGEST]])
    return shown
