"""What is wrong with a value, in words: pydantic's complaints as somebody who wrote a manifest understands them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._schema import model_of


def quoted(value: object) -> str:
    return f'write "{value}" in quotes' if isinstance(value, int | float | bool) else ""


_SWITCHES = ("yes", "no", "on", "off", "true", "false", "True", "False")


def is_field(step: object) -> bool:
    # Unions put the names of their members into the location ("str", "int", "function-before[…]").
    return isinstance(step, str) and step not in ("str", "int", "float", "bool") and "[" not in step


def explained(kind: Kind, item: Any, location: list[str | int]) -> tuple[str, str]:
    given = item.get("input")
    leaf = kind.schema.leaves.get(".".join(str(step) for step in location))
    if leaf is not None and leaf.wire.secret:
        given = "(secret)"  # an error is the last place to show it
    context = item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden":
            # A name that no field could have is not in the location.
            name = str(item["loc"][-1])
            above = location[:-1] if location and location[-1] == name else location
            names = _field_names(kind.model, above)
            close = difflib.get_close_matches(name, names, n=1)
            if not above and (meant := _meant(kind, name)) is not None:
                return "there is no such field", f"write {meant}"
            dotted = ".".join([kind.name, *(str(step) for step in above if isinstance(step, str))])
            return "there is no such field", (
                f"did you mean {close[0]}?" if close else f"proxmox-cli explain {dotted} lists the fields"
            )
        case "missing":
            return "is required", ""
        case "value_error":
            return str(context.get("error", item["msg"])), ""
        case "literal_error":
            return f"{given!r} is not one of {context['expected']}", ""
        case "string_pattern_mismatch":
            return f"{given!r} does not have the right form ({_readable(context['pattern'])})", ""
        case "bool_type" | "bool_parsing":
            return f"{given!r} is not true or false", "remove the quotes" if given in _SWITCHES else ""
        case "int_type" | "int_parsing":
            is_number = isinstance(given, str) and given.strip().lstrip("-").isdigit()
            return f"{given!r} is not a whole number", "remove the quotes" if is_number else ""
        case "float_type":
            return f"{given!r} is not a number", ""
        case "string_type":
            is_unquoted = isinstance(given, dict) and list(given.values()) == [None]
            return f"{named(given)} is not a text", 'put "{…}" in quotes' if is_unquoted else quoted(given)
        case "list_type":
            return f"{named(given)} is not a list", "write each item after a hyphen, or [ … ]"
        case "model_type" | "dict_type" | "model_attributes_type":
            where = ".".join([kind.name, *(step for step in location if isinstance(step, str))])
            return f"{named(given)} is not a mapping of fields", f"proxmox-cli explain {where} lists the fields"
        case "greater_than_equal":
            return f"{given} is too small: {context['ge']} or more", ""
        case "less_than_equal":
            return f"{given} is too large: {context['le']} or less", ""
        case _:
            return str(item["msg"]), ""


def _meant(kind: Kind, word: str) -> str | None:
    """The field that somebody means who writes PVE's own name for it, or leaves out what it stands in."""
    if (field := kind.schema.field_of(word)) is not None:
        return field
    nested = [path for path in kind.schema.leaves if path.endswith(f".{word}") and "*" not in path]
    return nested[0] if len(nested) == 1 else None


def _readable(pattern: str) -> str:
    choice = re.fullmatch(r"\^\(([\w.|-]+)\)\$", pattern)
    return f"one of {choice[1].replace('|', ', ')}" if choice else pattern


def _field_names(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    for step in location:
        if isinstance(step, str):
            info = next((i for n, i in model.model_fields.items() if (i.alias or n) == step), None)
            inner = model_of(info.annotation) if info else None
            if inner is None:
                return []
            model = inner
    return [info.alias or name for name, info in model.model_fields.items()]


def named(value: object) -> str:
    names = {dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(value), repr(value))
