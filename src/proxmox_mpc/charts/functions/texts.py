"""Functions on text: cutting, joining, searching, quoting."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.functions.casting import string, strings
from proxmox_mpc.charts.language.function import Functions, GoError, affordable
from proxmox_mpc.charts.language.go_types import StringMap, Strings, go_bytes, go_text
from proxmox_mpc.charts.language.printing import text_of
from proxmox_mpc.charts.language.quoting import quote as quoted

TEXTS = Functions()

# What unicode.IsSpace holds for white space; Python's str.strip would also take U+001C to U+001F.
SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


@TEXTS.function("hello")
def hello() -> str:
    return "Hello!"


@TEXTS.function("trim", takes="string")
def trim(text: str) -> str:
    return text.strip(SPACES)


@TEXTS.function("trimAll", "trimall", takes="string, string")
def trim_all(letters: str, text: str) -> str:
    return text.strip(letters)


@TEXTS.function("trimSuffix", takes="string, string")
def trim_suffix(suffix: str, text: str) -> str:
    return text.removesuffix(suffix)


@TEXTS.function("trimPrefix", takes="string, string")
def trim_prefix(prefix: str, text: str) -> str:
    return text.removeprefix(prefix)


@TEXTS.function("contains", takes="string, string")
def contains(part: str, text: str) -> bool:
    return part in text


@TEXTS.function("hasPrefix", takes="string, string")
def has_prefix(prefix: str, text: str) -> bool:
    return text.startswith(prefix)


@TEXTS.function("hasSuffix", takes="string, string")
def has_suffix(suffix: str, text: str) -> bool:
    return text.endswith(suffix)


@TEXTS.function("repeat", takes="int, string")
def repeat(count: int, text: str) -> str:
    if count < 0:
        raise GoError("strings: negative Repeat count")
    affordable(count * len(text))
    return text * count


@TEXTS.function("replace", takes="string, string, string")
def replace(old: str, new: str, text: str) -> str:
    if len(new) > len(old):
        affordable(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


@TEXTS.function("trunc", takes="int, string")
def trunc(length: int, text: str) -> str:
    """The first `length` bytes, or the last when it is negative."""
    raw = text if text.isascii() else go_bytes(text)
    if length < 0 and len(raw) + length > 0:
        return _text(raw[length:])
    if 0 <= length < len(raw):
        return _text(raw[:length])
    return text


@TEXTS.function("substr", takes="int, int, string")
def substr(start: int, end: int, text: str) -> str:
    """Bytes from `start` to `end`; a negative start is 0, a negative end the text's."""
    raw = text if text.isascii() else go_bytes(text)
    size = len(raw)
    if start < 0:
        if end < 0:
            raise GoError(f"runtime error: slice bounds out of range [:{end}]")
        if end > size:
            raise GoError(f"runtime error: slice bounds out of range [:{end}] with length {size}")
        return _text(raw[:end])
    if end < 0 or end > size:
        end = size
    if start > end:
        raise GoError(f"runtime error: slice bounds out of range [{start}:{end}]")
    return _text(raw[start:end])


def _text(raw: str | bytes) -> str:
    return raw if isinstance(raw, str) else go_text(raw)


@TEXTS.function("indent", takes="int, string")
def indent(spaces: int, text: str) -> str:
    if spaces < 0:
        raise GoError("strings: negative Repeat count")
    affordable(len(text) + spaces * (text.count("\n") + 1))
    pad = " " * spaces
    return pad + text.replace("\n", "\n" + pad)


@TEXTS.function("nindent", takes="int, string")
def nindent(spaces: int, text: str) -> str:
    return "\n" + indent(spaces, text)


@TEXTS.function("quote", takes="...interface {}")
def quote(*values: Any) -> str:
    return " ".join([quoted(string(value)) for value in values if value is not None])


@TEXTS.function("squote", takes="...interface {}")
def squote(*values: Any) -> str:
    return " ".join([f"'{text_of(value)}'" for value in values if value is not None])


@TEXTS.function("cat", takes="...interface {}")
def cat(*values: Any) -> str:
    affordable(sum(len(value) for value in values if type(value) is str))
    return " ".join([text_of(value) for value in values if value is not None])


@TEXTS.function("plural", takes="string, string, int")
def plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


@TEXTS.function("toString", takes="interface {}")
def to_string(value: Any) -> str:
    return string(value)


@TEXTS.function("toStrings", takes="interface {}")
def to_strings(value: Any) -> Strings:
    return Strings(strings(value))


@TEXTS.function("join", takes="string, interface {}")
def join(separator: str, value: Any) -> str:
    parts = strings(value)
    affordable(sum(map(len, parts)) + len(separator) * len(parts))
    return separator.join(parts)


@TEXTS.function("split", takes="string, string")
def split(separator: str, text: str) -> StringMap:
    return _numbered(_parts(separator, text, -1))


@TEXTS.function("splitn", takes="string, int, string")
def splitn(separator: str, count: int, text: str) -> StringMap:
    return _numbered(_parts(separator, text, count))


@TEXTS.function("splitList", takes="string, string")
def split_list(separator: str, text: str) -> Strings:
    return Strings(_parts(separator, text, -1))


def _parts(separator: str, text: str, count: int) -> list[str]:
    """`strings.SplitN`: at most `count` parts, all of them when it is negative; by nothing means letter by letter."""
    if count == 0:
        return []
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    if 0 < count < len(text):
        return [*text[: count - 1], text[count - 1 :]]
    return list(text)


def _numbered(parts: list[str]) -> StringMap:
    return StringMap((f"_{number}", part) for number, part in enumerate(parts))
