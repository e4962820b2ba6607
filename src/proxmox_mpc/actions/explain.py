"""Explain a kind or one of its fields."""

from __future__ import annotations

import difflib
import typing
from typing import Any

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._schema import OPTIONS, Leaf, model_of


class ExplainRequest(Request):
    """What to explain."""

    path: str = Field(description="A kind, or a field of it: VirtualMachine.cpu.cores.")


class FieldView(Result):
    """One field: what it is, in which unit, what PVE calls it, what a change costs."""

    name: str
    type: str
    help: str
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


@action(permission="system:read", route="GET /resources/{kind}/explain")
async def explain(session: Session, request: ExplainRequest) -> ExplainResult:
    """Explain a kind or one of its fields: type, unit, default, limits, PVE's name for it, and what a change costs."""
    word, *steps = request.path.split(".")
    kind = find_kind(word)
    if steps[:1] == ["spec"]:
        steps = steps[1:]
    model: type[BaseModel] = kind.model
    path: list[str] = []
    info: FieldInfo | None = None
    for number, step in enumerate(steps):
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if step not in fields:
            close = difflib.get_close_matches(step, fields, n=1)
            hint = f"did you mean {close[0]}?" if close else f"fields: {', '.join(fields)}"
            raise NotFoundError(f"{'.'.join([kind.name, *path])} has no field {step!r}", hint=hint)
        info = fields[step]
        path.append(step)
        inner = model_of(info.annotation)
        if inner is None:
            if number + 1 < len(steps):
                raise NotFoundError(f"{'.'.join([kind.name, *path])} has no fields below it")
            view = _field_view(kind, path, info)
            return ExplainResult(path=".".join([kind.name, *path]), kind=kind.name, help=view.help, field=view)
        model = inner
    below = [_field_view(kind, [*path, f.alias or n], f) for n, f in model.model_fields.items()]
    return ExplainResult(
        path=".".join([kind.name, *path]),
        kind=kind.name,
        help=(info.description if info and info.description else model.__doc__ or "").partition("\n")[0],
        fields=below,
        example=kind.example if not path else "",
    )


def _leaf(kind: Kind, path: list[str]) -> Leaf | None:
    for leaf in kind.schema.leaves.values():
        if leaf.path.replace(".*", "").split(".") == path:
            return leaf
    return None


def _field_view(kind: Kind, path: list[str], info: FieldInfo) -> FieldView:
    leaf = _leaf(kind, path)
    name = path[-1]
    if leaf is None:
        inner = model_of(info.annotation)
        kind_of_value = "map" if name == OPTIONS else "list" if "list" in str(info.annotation) else "group"
        return FieldView(
            name=name, type=kind_of_value if inner or name == OPTIONS else "text", help=info.description or ""
        )
    wire = leaf.wire
    parameter = (
        leaf.key
        if leaf.key != "*"
        else next((f"{s.group.keys[0]}N" for s in kind.schema.strands if leaf.path.startswith(f"{s.path}.*")), "")
    )
    notes = [
        text
        for flag, text in (
            (wire.create_only, "decided at creation"),
            (wire.hint, "steers creation only"),
            (wire.preference, "a preference: a guest that moved has not drifted"),
            (wire.secret, "secret: written, never read or shown"),
            (wire.quiet, "chosen by PVE unless written"),
        )
        if flag
    ]
    return FieldView(
        name=name,
        type=leaf.codec.title,
        help=info.description or "",
        default=kind.schema.show(leaf.path, wire.default),
        limits=_limits(info),
        parameter=f"{parameter}: {leaf.part}" if leaf.part and parameter else parameter,
        impact="" if wire.create_only or wire.hint else wire.impact.label,
        example=leaf.codec.example,
        notes=notes,
    )


def _limits(info: FieldInfo) -> str:
    found: list[str] = []
    for item in info.metadata:
        for fact, text in (("ge", "at least {}"), ("le", "at most {}"), ("max_length", "at most {} characters")):
            if (value := getattr(item, fact, None)) is not None:
                found.append(text.format(value))
        if pattern := getattr(item, "pattern", None):
            found.append(_choices(str(pattern)))
    options: tuple[Any, ...] = typing.get_args(info.annotation)
    for option in options:
        if typing.get_origin(option) is typing.Literal:
            found.append("one of " + ", ".join(typing.get_args(option)))
    return ", ".join(found)


def _choices(pattern: str) -> str:
    plain = pattern.removeprefix("^").removesuffix("$")
    if plain.startswith("(") and plain.endswith(")") and plain.count("(") == 1:
        return "one of " + plain[1:-1].replace("|", ", ")
    return f"matches {pattern}"
