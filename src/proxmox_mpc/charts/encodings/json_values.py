"""A JSON value that stands in a longer text, as Go's json.Decoder takes it from a stream (Go 1.26)."""

from __future__ import annotations

import json
import re
from typing import Any

from proxmox_mpc.charts.encodings.json_errors import first_error
from proxmox_mpc.charts.encodings.json_text import float_of, refused, with_whole_letters
from proxmox_mpc.charts.encodings.yaml_documents import MAX_DEPTH
from proxmox_mpc.charts.encodings.yaml_scalars import INT64
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes

_SPACES = (" ", "\t", "\r", "\n")
_UNFINISHED = re.compile(r"-?(0|[1-9][0-9]*)(\.(?![0-9])|(\.[0-9]+)?[eE](?![-+]?[0-9]))", re.ASCII)
# Longer than every int64; Python would take quadratic time for digits without end.
_LONGEST_INTEGER = 20


def read_json_at(text: str, start: int, *, integers: bool = False) -> tuple[Any, int]:
    """The value at a place of a text, and where it ends. Raises GoError in Go's words."""
    at = start
    while text[at : at + 1] in _SPACES:
        at += 1
    try:
        value, end = _DECODERS[integers].raw_decode(text, at)
    except RecursionError:
        raise GoError(f"json: exceeded max depth of {MAX_DEPTH}") from None
    except ValueError:
        raise GoError(_wording(text[start:])) from None
    if type(value) in (int, float) and _UNFINISHED.match(text, at):
        # Python takes the number before that; Go's scanner has begun a longer one.
        raise GoError(_wording(text[start:]))
    if _depth(value) > MAX_DEPTH:
        raise GoError(f"json: exceeded max depth of {MAX_DEPTH}")
    return with_whole_letters(value) if text.find("\\u", at, end) >= 0 else value, end


def _wording(text: str) -> str:
    """Go's scanner meets the end of a stream at any byte; a byte that is no JSON stands for the end here."""
    message = first_error(go_bytes(text) + b"\x00")
    return "unexpected EOF" if "\\x00" in message and "\x00" not in text else message


def _depth(value: Any) -> int:
    depth = 0
    level = [value]
    while level:
        depth += 1
        level = [
            item
            for one in level
            if isinstance(one, (dict, list))
            for item in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_INTEGER and int(digits) in INT64 else float_of(digits)


_DECODERS = {
    False: json.JSONDecoder(parse_int=float_of, parse_float=float_of, parse_constant=refused),
    True: json.JSONDecoder(parse_int=_integer, parse_float=float_of, parse_constant=refused),
}
