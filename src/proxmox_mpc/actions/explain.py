"""Explain a kind or one of its fields."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from proxmox_mpc.actions._action import WITH_SLASHES, Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._described import Described, described, versions


class ExplainRequest(Request):
    """What to explain."""

    path: Annotated[str, WITH_SLASHES] = Field(description="A kind, or a field of it: VirtualMachine.cpu.cores.")


class FieldView(Result):
    """One field: what it is, in which unit, what PVE calls it, what a change costs."""

    name: str
    type: str
    help: str
    required: bool = False
    default: Any = None
    limits: str = ""
    parameter: str = ""
    impact: str = ""
    example: str = ""
    notes: list[str] = []


class ExplainResult(Result):
    """A field or a kind, with the fields below it."""

    path: str
    kind: str
    help: str
    field: FieldView | None = None
    fields: list[FieldView] = []
    example: str = ""
    versions: list[str] = []


@action(permission="system:read", route="GET /resources/explain/{path}", scope="own")
async def explain(session: Session, request: ExplainRequest) -> ExplainResult:
    """Explain a kind or one of its fields: type, unit, default, limits, PVE's name for it, and what a change costs."""
    word, *steps = request.path.split(".")
    kind = find_kind(word)
    path, fields, found = kind.name, described(kind), None
    for step in steps[1:] if steps[:1] == ["spec"] else steps:
        if not fields:
            raise NotFoundError(f"{path} has no fields below it")
        found = _named(step, fields, path)
        path, fields = f"{path}.{step}", found.fields
    if found is None:
        summary = (kind.model.__doc__ or "").partition("\n")[0]
        views = [_view(field) for field in fields]
        return ExplainResult(
            path=path, kind=kind.name, help=summary, fields=views, example=kind.example, versions=versions(kind)
        )
    if fields:
        return ExplainResult(path=path, kind=kind.name, help=found.help, fields=[_view(field) for field in fields])
    return ExplainResult(path=path, kind=kind.name, help=found.help, field=_view(found))


def _named(step: str, fields: Sequence[Described], path: str) -> Described:
    """The field of that name; `disks[]` and `disks` are the same. Raises NotFoundError."""
    names = {field.name: field for field in fields}
    if (found := names.get(step.removesuffix("[]"))) is None:
        close = difflib.get_close_matches(step, names, n=1)
        hint = f"did you mean {close[0]}?" if close else f"fields: {', '.join(names)}"
        raise NotFoundError(f"{path} has no field {step!r}", hint=hint)
    return found


def _view(field: Described) -> FieldView:
    facts = {name: getattr(field, name) for name in FieldView.model_fields if name != "notes"}
    return FieldView(**facts, notes=list(field.notes))
