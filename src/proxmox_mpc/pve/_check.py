"""One value against the facts of its parameter: PVE's own judgement, in a person's words."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

# Inside property strings PVE also takes these for booleans; as parameters of their own only 0 and 1 (9.1.7).
_WRITTEN_BOOLEAN = re.compile(r"1|0|on|off|yes|no|true|false", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


@dataclass(frozen=True)
class Problem:
    """Why a parameter is not accepted; the part of a property string is named `net0.tag`."""

    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name}: {self.text}" if self.name else self.text


def _bound(raw: float | str | None) -> float | None:
    return None if raw is None else float(raw)  # some are texts in the schema ("16")


@dataclass(frozen=True)
class Parameter:
    """Facts of a parameter, or of one part of a property string.

    `format` names what a string means (`pve-vmid`, `pve-configid-list`); `parts` are those of a property
    string, where `default_key` marks the part whose name may be left out, `alias` a second name of another
    part and `key_alias` the part that takes the name itself (`virtio=AA:…` is `model=virtio,macaddr=AA:…`).
    `requires` names a parameter that must come along.
    """

    type: str = ""
    required: bool = False
    default: Any = None
    enum: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    format: str = ""
    parts: Mapping[str, Parameter] = field(default_factory=dict, repr=False)
    default_key: bool = False
    alias: str = ""
    key_alias: str = ""
    requires: str = ""
    items: Parameter | None = None

    @classmethod
    def from_type(cls, raw: Mapping[str, Any], of: Callable[[int], Parameter]) -> Parameter:
        """From a type of the facts tables; `of` answers the type at an index."""
        parts = raw.get("format")
        return cls(
            type=raw.get("type", ""),
            # What one type of an object may leave out, another may not have at all (fabrics, 9.1).
            required=not raw.get("optional")
            and not raw.get("alias")
            and all(of(i).required for i in raw.get("oneOf", ())),
            default=raw.get("default"),
            enum=tuple(str(word) for word in raw.get("enum", ())),
            minimum=_bound(raw.get("minimum")),
            maximum=_bound(raw.get("maximum")),
            min_length=raw.get("minLength"),
            max_length=raw.get("maxLength"),
            pattern=raw.get("pattern", ""),
            format=parts if isinstance(parts, str) else "",
            parts={name: of(index) for name, index in parts.items()} if isinstance(parts, dict) else {},
            default_key=bool(raw.get("default_key")),
            alias=raw.get("alias", ""),
            key_alias=raw.get("keyAlias", ""),
            requires=raw.get("requires", ""),
            items=of(raw["items"]) if "items" in raw else None,
        )

    @property
    def is_list(self) -> bool:
        """Whether it takes several values: as repeated keys (`array`) or divided by commas (`…-list`)."""
        return self.type == "array" or self.format.endswith("-list")


def unknown(name: str, known: Iterable[str]) -> Problem:
    """A parameter that there is not, with the one that was probably meant."""
    like = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return Problem(name, "is unknown" + (f"; did you mean {like[0]}?" if like else ""))


def value(name: str, parameter: Parameter, given: Any) -> list[Problem]:
    """What is wrong with the value of a parameter."""
    if isinstance(given, Mapping):
        return [Problem(name, "is a mapping; PVE wants it written as one string")]
    if isinstance(given, (list, tuple, set, frozenset)):
        if not parameter.is_list:
            return [Problem(name, "takes one value, not a list")]
        item = parameter.items or Parameter(type="string")
        return [problem for i, one in enumerate(given) for problem in value(f"{name}[{i}]", item, one)]
    if parameter.type == "array":
        return value(f"{name}[0]", parameter.items, given) if parameter.items else []
    if isinstance(given, bool):
        given = int(given)
    if not isinstance(given, (str, int, float)):
        return [Problem(name, f"is a {type(given).__name__}; a text or number is needed")]
    text = given if isinstance(given, str) else wire_number(given)
    return _scalar(name, parameter, text)


def wire_number(number: float) -> str:
    """A number as PVE reads it: no exponent, no `.0`."""
    if not math.isfinite(number):
        return repr(number)
    if number == int(number):
        return str(int(number))
    return f"{number:f}".rstrip("0")


def _scalar(name: str, parameter: Parameter, text: str, *, within_string: bool = False) -> list[Problem]:
    wrong_type = _type_problem(parameter.type, text, within_string)
    if wrong_type:
        return [Problem(name, wrong_type)]
    if parameter.parts:
        return _property_string(name, parameter.parts, text)
    why = _limits(parameter, text)
    return [Problem(name, why)] if why else []


def _type_problem(kind: str, text: str, within_string: bool) -> str:
    if kind == "integer" and not _INTEGER.fullmatch(text):
        return f"must be a whole number, not {text!r}"
    if kind == "number" and not _NUMBER.fullmatch(text):
        return f"must be a number, not {text!r}"
    if kind == "boolean" and text not in ("0", "1"):
        if within_string and _WRITTEN_BOOLEAN.fullmatch(text):
            return ""
        return f"must be true or false (1 or 0), not {text!r}"
    return ""


def _limits(parameter: Parameter, text: str) -> str:
    """Range, words, length and pattern. Texts are not repeated in the answer: they may be secrets."""
    if parameter.type in ("integer", "number"):
        number = float(text)
        if parameter.minimum is not None and number < parameter.minimum:
            return f"must be at least {wire_number(parameter.minimum)}, not {text}"
        if parameter.maximum is not None and number > parameter.maximum:
            return f"must be at most {wire_number(parameter.maximum)}, not {text}"
    if parameter.enum and text not in parameter.enum:
        like = difflib.get_close_matches(text, parameter.enum, n=1, cutoff=0.6)
        hint = f"; did you mean {like[0]}?" if like else ""
        return f"must be one of {', '.join(parameter.enum)}, not {text!r}{hint}"
    if parameter.min_length is not None and len(text) < parameter.min_length:
        return f"must have at least {parameter.min_length} characters, not {len(text)}"
    if parameter.max_length is not None and len(text) > parameter.max_length:
        return f"must have at most {parameter.max_length} characters, not {len(text)}"
    if parameter.pattern and (compiled := _compile(parameter.pattern)) and not compiled.search(text):
        return f"does not match the pattern {parameter.pattern}"
    return ""


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str] | None:
    """PVE's Perl pattern as Python's, anchored as PVE does it: without a group, so `a|b` is `^a|b$`."""
    try:
        return re.compile("^" + pattern.replace("(?^", "(?") + "$")
    except re.error:
        return None  # a Perl feature: leave the judgement to the cluster


def _property_string(name: str, parts: Mapping[str, Parameter], text: str) -> list[Problem]:
    """`virtio=AA:BB:…,bridge=vmbr0,tag=5` against its parts."""
    problems: list[Problem] = []
    seen: dict[str, str] = {}

    def take(part: str, content: str) -> None:
        if part in seen:
            problems.append(Problem(f"{name}.{part}", "is given twice"))
        seen[part] = content

    for piece in text.split(","):
        if not piece.strip():
            continue
        part, equals, content = piece.partition("=")
        if not equals:
            default = next((key for key, facts in parts.items() if facts.default_key), "")
            if default:
                take(default, piece)
            else:
                problems.append(Problem(name, f"{piece!r} must be written as NAME=VALUE"))
        elif part not in parts:
            found = unknown(part, parts)
            problems.append(Problem(f"{name}.{part}", found.text))
        elif alias := parts[part].alias:
            take(alias, content)
            if key_alias := parts[part].key_alias:
                take(key_alias, part)
        else:
            take(part, content)
    for part, content in seen.items():
        problems.extend(_scalar(f"{name}.{part}", parts[part], content, within_string=True))
    for part, facts in parts.items():
        if facts.required and part not in seen:
            problems.append(Problem(f"{name}.{part}", "is missing"))
        if part in seen and facts.requires and facts.requires not in seen:
            problems.append(Problem(f"{name}.{facts.requires}", f"is missing: {part} needs it"))
    return problems
