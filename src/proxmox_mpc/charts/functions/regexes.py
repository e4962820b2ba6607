"""Regular expressions with Go's syntax, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxmox_mpc.charts.functions.patterns import Pattern, PatternError, compiled
from proxmox_mpc.charts.language.function import Functions, GoError, affordable
from proxmox_mpc.charts.language.go_types import NilStrings, Strings, go_bytes, go_text
from proxmox_mpc.charts.language.quoting import quote

REGEXES = Functions()


def _or_panic(regex: str) -> Pattern:
    """A pattern for the functions without `must`, which panic where the others return an error."""
    try:
        return compiled(regex)
    except PatternError as error:
        shown = f"`{regex}`" if _can_backquote(regex) else quote(regex)
        raise GoError(f"regexp: Compile({shown}): {error}") from None


def _can_backquote(text: str) -> bool:
    return not re.search("[`\x00-\x08\x0a-\x1f\x7f\ufeff\ud800-\udfff]", text)


@REGEXES.function("regexMatch", takes="string, string")
def regex_match(regex: str, text: str) -> bool:
    """Whether a text matches; a pattern that is none matches nothing."""
    try:
        return must_regex_match(regex, text)
    except PatternError:
        return False


@REGEXES.function("mustRegexMatch", takes="string, string")
def must_regex_match(regex: str, text: str) -> bool:
    return compiled(regex).find(go_bytes(text), 0) is not None


@REGEXES.function("regexFind", takes="string, string")
def regex_find(regex: str, text: str) -> str:
    return _find(_or_panic(regex), text)


@REGEXES.function("mustRegexFind", takes="string, string")
def must_regex_find(regex: str, text: str) -> str:
    return _find(compiled(regex), text)


def _find(pattern: Pattern, text: str) -> str:
    raw = go_bytes(text)
    found = pattern.find(raw, 0)
    return go_text(raw[found[0][0] : found[0][1]]) if found else ""


@REGEXES.function("regexFindAll", takes="string, string, int")
def regex_find_all(regex: str, text: str, count: int) -> Strings:
    return _find_all(_or_panic(regex), text, count)


@REGEXES.function("mustRegexFindAll", takes="string, string, int")
def must_regex_find_all(regex: str, text: str, count: int) -> Strings:
    return _find_all(compiled(regex), text, count)


def _find_all(pattern: Pattern, text: str, count: int) -> Strings:
    raw = go_bytes(text)
    found = [go_text(raw[groups[0][0] : groups[0][1]]) for groups in _matches(pattern, raw, count)]
    return Strings(found) if found else NilStrings()


def _matches(pattern: Pattern, raw: bytes, count: int = -1) -> Iterator[list[tuple[int, int]]]:
    """Matches one after another; an empty one that stands where the last one ended does not count."""
    at, last_end, found = 0, -1, 0
    while at <= len(raw) and found != count:
        groups = pattern.find(raw, at)
        if groups is None:
            return
        start, end = groups[0]
        if end > start or start != last_end:
            found += 1
            yield groups
        last_end = end
        if end > at:
            at = end
        elif end == at and start == end:
            at = _next_rune(raw, at)
        else:
            at = max(end, at + 1)


def _next_rune(raw: bytes, at: int) -> int:
    at += 1
    while at < len(raw) and raw[at] & 0xC0 == 0x80:
        at += 1
    return at


@REGEXES.function("regexReplaceAll", takes="string, string, string")
def regex_replace_all(regex: str, text: str, replacement: str) -> str:
    return _replaced(_or_panic(regex), text, replacement)


@REGEXES.function("mustRegexReplaceAll", takes="string, string, string")
def must_regex_replace_all(regex: str, text: str, replacement: str) -> str:
    return _replaced(compiled(regex), text, replacement)


@REGEXES.function("regexReplaceAllLiteral", takes="string, string, string")
def regex_replace_all_literal(regex: str, text: str, replacement: str) -> str:
    return _replaced(_or_panic(regex), text, replacement.replace("$", "$$"))


@REGEXES.function("mustRegexReplaceAllLiteral", takes="string, string, string")
def must_regex_replace_all_literal(regex: str, text: str, replacement: str) -> str:
    return _replaced(compiled(regex), text, replacement.replace("$", "$$"))


def _replaced(pattern: Pattern, text: str, replacement: str) -> str:
    raw = go_bytes(text)
    pieces = _pieces(replacement)
    parts: list[bytes] = []
    at = size = 0
    for groups in _matches(pattern, raw):
        parts.append(raw[at : groups[0][0]])
        for piece in pieces:
            part = piece if isinstance(piece, bytes) else pattern.group(raw, groups, piece)
            parts.append(part)
            size += len(part)
        affordable(size)
        at = groups[0][1]
    return go_text(b"".join([*parts, raw[at:]])) if parts else text


_REFERENCE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))?")


def _pieces(replacement: str) -> list[bytes | str]:
    """A replacement's literal parts as bytes, and the names or numbers of the groups between them."""
    pieces: list[bytes | str] = []
    at = 0
    for found in _REFERENCE.finditer(replacement):
        pieces.append(go_bytes(replacement[at : found.start()]))
        at = found.end()
        name = found.group(2) or found.group(3)
        pieces.append(name if name else b"$")
    pieces.append(go_bytes(replacement[at:]))
    return [piece for piece in pieces if piece]


@REGEXES.function("regexSplit", takes="string, string, int")
def regex_split(regex: str, text: str, count: int) -> Strings:
    return _split(_or_panic(regex), regex, text, count)


@REGEXES.function("mustRegexSplit", takes="string, string, int")
def must_regex_split(regex: str, text: str, count: int) -> Strings:
    return _split(compiled(regex), regex, text, count)


def _split(pattern: Pattern, regex: str, text: str, count: int) -> Strings:
    if count == 0:
        return NilStrings()
    if regex and not text:
        return Strings([""])
    raw = go_bytes(text)
    parts: list[bytes] = []
    begin = end = 0
    for groups in _matches(pattern, raw, count):
        if count > 0 and len(parts) == count - 1:
            break
        end = groups[0][0]
        if groups[0][1] != 0:
            parts.append(raw[begin:end])
        begin = groups[0][1]
    if end != len(raw):
        parts.append(raw[begin:])
    return Strings([go_text(part) for part in parts])


@REGEXES.function("regexQuoteMeta", takes="string")
def regex_quote_meta(text: str) -> str:
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text)
