"""What a user gives a chart: files of values, then flags, laid over each other in the order of Helm 4.2.3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from proxmox_mpc.charts.encodings.json_values import read_json_at
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import Sized
from proxmox_mpc.charts.set_flags import (
    parse_set,
    parse_set_file,
    parse_set_json,
    parse_set_literal,
    parse_set_string,
)
from proxmox_mpc.charts.values import overlaid, read_values


def given_values(
    files: Sequence[tuple[str, str]] = (),
    *,
    set_json: Sequence[str] = (),
    set_: Sequence[str] = (),
    set_string: Sequence[str] = (),
    set_file: Sequence[str] = (),
    set_literal: Sequence[str] = (),
    content: Callable[[str], str] | None = None,
    integers: bool = False,
) -> dict[str, Any]:
    """All that was given, as one table.

    `files` are names and texts, of which the later win; `content` gives the text of a file that `set_file` names.
    """
    values: dict[str, Any] = {}
    for name, text in files:
        try:
            values = overlaid(values, read_values(text, integers=integers))
        except GoError as error:
            raise BadValues(f"failed to parse {name}: {error}") from None
    for text in set_json:
        values = _json(text, values, integers)
    for flag, texts, parse in (
        ("--set", set_, parse_set),
        ("--set-string", set_string, parse_set_string),
        ("--set-file", set_file, lambda text, onto: parse_set_file(text, content or _no_file, onto)),
        ("--set-literal", set_literal, parse_set_literal),
    ):
        for text in texts:
            try:
                values = parse(text, values)
            except BadValues as error:
                raise BadValues(f"failed parsing {flag} data: {error}") from None
    return _whole(values) if integers else values


def _whole(value: Any) -> Any:
    """Values whose integers are of one type, however they were given: in our own charts `--set n=3` is as `n: 3`."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, Sized) else value


def _json(text: str, values: dict[str, Any], integers: bool) -> dict[str, Any]:
    """One `--set-json`: a whole object, or names with JSON each. Helm does not say what is wrong with it; this does."""
    whole = text.strip()
    try:
        if not whole.startswith("{"):
            return parse_set_json(text, values, integers=integers)
        found, end = read_json_at(whole, 0, integers=integers)
        if end < len(whole):
            raise GoError("something stands after the object")
        return overlaid(values, found)
    except (GoError, BadValues) as error:
        raise BadValues(f"failed parsing --set-json data {text}: {error}") from None


def _no_file(name: str) -> str:
    raise BadValues(f"open {name}: no such file or directory")
