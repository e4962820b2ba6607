"""The wire's oddities: how single values and property strings are written in the PVE API, and read by meaning.

What belongs here: conversion of one value or one property string between three forms. What never does: knowledge of
a kind. The three forms of a value are

- *written*: what a person puts in a manifest (`50G`, `8192`, `true`);
- *canonical*: the one form in which values are compared, stored and hashed (bytes, MiB, booleans, sorted lists);
- *wire*: what the API takes and answers (`1`, `"4096"`, `a;b`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

Value = str | int | float | bool | list[str]
Fields = dict[str, Value]
"""Canonical values by dotted path, such as `disks.scsi0.size`."""

_SIZE = re.compile(r"(\d+(?:\.\d+)?)([KMGT]?)(i?B?)", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class Codec:
    """How one value is converted; `title` names its type in help texts, `example` shows one."""

    title: str
    read: Callable[[Any], Value]
    write: Callable[[Any], Any]
    """Text, or a list of texts where the parameter is an array."""
    show: Callable[[Any], Any] = lambda value: value
    parse: Callable[[Any], Value] | None = None
    example: str = ""


def bytes_of(text: object) -> int:
    """The bytes of a size such as `50G` or `512M`; a plain number is bytes. Raises ValueError."""
    match = _SIZE.fullmatch(str(text).strip())
    if match is None or isinstance(text, bool):
        raise ValueError(f"{text!r} is not a size; write a number with K, M, G or T, such as 50G")
    return round(float(match[1]) * _UNITS[match[2].upper()])


def size_text(value: int) -> str:
    """The shortest exact way to write a number of bytes with K, M, G or T."""
    for unit in "TGMK":
        if value and value % _UNITS[unit] == 0:
            return f"{value // _UNITS[unit]}{unit}"
    return str(value)


def _parse_size(value: object) -> int:
    if isinstance(value, int | float):
        raise ValueError(f"{value} has no unit; write {value}G for {value} GiB")
    return bytes_of(value)


def _parse_mib(value: object) -> int:
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not an amount of memory; write MiB such as 8192, or 8G")
    if isinstance(value, int):
        return value
    text = str(value)
    if re.fullmatch(r"[\d.]+", text):
        raise ValueError(f"{text!r} is a text without a unit; write MiB as a number such as 8192, or 8G")
    try:
        size = bytes_of(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an amount of memory; write MiB such as 8192, or 8G") from None
    if size % _UNITS["M"]:
        raise ValueError(f"{text!r} is not a whole number of MiB")
    return size // _UNITS["M"]


def flag(value: object) -> bool:
    """PVE writes booleans as 1, "1", on, yes or true, by place and version."""
    return str(value).lower() in ("1", "on", "yes", "true")


def number_text(value: float) -> str:
    """A number without an exponent, which PVE does not read."""
    return str(value) if isinstance(value, int) else f"{value:f}".rstrip("0").rstrip(".")


def _ranges(value: Any) -> Value:
    parts = [str(part) for part in value] if isinstance(value, list | tuple) else re.split(r"[;,]", str(value))
    return sorted({part.strip() for part in parts if part.strip()}, key=_first)


def _first(span: str) -> tuple[int, str]:
    head = span.partition("-")[0]
    return (int(head) if head.isdigit() else 0), span


def number(value: object) -> int | float:
    """An integer where it is one: `cpulimit` comes as "2" or "0.5" (facts.md 12)."""
    real = float(str(value))
    return int(real) if real.is_integer() else real


def _split(pattern: str, *, ordered: bool) -> Callable[[Any], Value]:
    def read(value: Any) -> Value:
        parts = value if isinstance(value, list) else re.split(pattern, str(value))
        names = [str(part).strip() for part in parts if str(part).strip()]
        return names if ordered else sorted(set(names))

    return read


def _text(value: object) -> str:
    return str(value)


def _tags(value: Any) -> Value:
    # PVE lower-cases, sorts and deduplicates tags on PUT, and keeps them verbatim on create (facts.md 14).
    return sorted({str(name).lower() for name in _split(r"[;, ]", ordered=False)(value)})  # type: ignore[union-attr]


def _keys(value: Any) -> Value:
    lines = value if isinstance(value, list) else str(value).splitlines()
    return [line.strip() for line in lines if line.strip()]


def _read_boot(value: Any) -> Value:
    if isinstance(value, list):
        return value
    text = str(value).strip()
    if text and not text.startswith("order="):
        return list(text.removeprefix("legacy="))  # by class: a floppy, c disk, d CD-ROM, n network
    return [slot for slot in text.removeprefix("order=").split(";") if slot]


def _write_boot(value: Any) -> str:
    return "".join(value) if all(len(slot) == 1 for slot in value) else "order=" + ";".join(value)


def _hotplug(value: Any) -> Value:
    """`1` is what stands when nothing is said, `0` is nothing; an empty list would mean that nothing is said."""
    if value in (True, "1", 1):
        return ["disk", "network", "usb"]
    if value in (False, "0", 0, []):
        return ["none"]
    return _split(r"[,; ]", ordered=False)(value)


TEXT = Codec("text", _text, _text)
# LXC adds a newline to descriptions, and forms may carry \r\n (facts.md 12).
PROSE = Codec("text", lambda v: str(v).replace("\r\n", "\n").strip("\n"), _text)
LOWER = Codec("text", lambda v: str(v).lower(), _text)
INTEGER = Codec("integer", lambda v: int(number(v)), str)
NUMBER = Codec("number", number, number_text)
FLAG = Codec("true or false", flag, lambda v: "1" if v else "0")
# `discard` of a disk says on or ignore where other parts say 1 or 0.
DISCARD = Codec("true or false", lambda v: str(v) == "on", lambda v: "on" if v else "ignore")
MAC = Codec("MAC address", lambda v: str(v).upper(), lambda v: str(v).upper(), example="BC:24:11:00:00:01")
SIZE = Codec("size", bytes_of, size_text, size_text, _parse_size, "50G")
# qemu's `memory` is a property string with one part, `current`, that mostly stands bare.
MIB = Codec("MiB", lambda v: int(number(str(v).removeprefix("current="))), str, parse=_parse_mib, example="8192 or 8G")
TAGS = Codec("list of tags", _tags, lambda v: ";".join(v), parse=_tags, example="[web, env-prod]")
COMMAS = Codec("list", _split(r"[,; ]", ordered=False), lambda v: ",".join(v), parse=_split(r"[,; ]", ordered=False))
# An array of the API: the parameter is repeated. The order counts where it is a list of rules or paths.
ARRAY = Codec("list", lambda v: [str(part) for part in (v if isinstance(v, list) else [v])], list)
NAMES = Codec("list", _split(r"[,; ]", ordered=False), list, parse=_split(r"[,; ]", ordered=False))
WORDS = Codec("list", _split(r"[ ,;]", ordered=True), lambda v: " ".join(v))
SEMICOLONS = Codec("list", _split(r"[;]", ordered=True), ";".join, parse=_split(r"[;,]", ordered=True))
SEMICOLON_SET = Codec("list", _split(r"[;, ]", ordered=False), ";".join)
# Numbers and spans of numbers, whose order does not count; the host's processors are divided by commas.
RANGES = Codec("list of numbers and ranges", _ranges, ";".join, parse=_ranges, example="[0, 2-3]")
CPU_SET = Codec("list of numbers and ranges", _ranges, ",".join, parse=_ranges, example="[0-3, 8]")
SSH_KEYS = Codec(
    "list of SSH public keys",
    lambda v: _keys(unquote(v) if isinstance(v, str) and "%" in v else v),
    # The value itself is percent-encoded, before the form encodes it again (facts.md 19).
    lambda v: quote("\n".join(v) + "\n", safe=""),
    parse=_keys,
)
KEY_LINES = Codec("list of SSH public keys", _keys, lambda v: "\n".join(v) + "\n", parse=_keys)
BOOT_ORDER = Codec("list of device slots", _read_boot, _write_boot, example="[scsi0, net0]")
HOTPLUG = Codec("list", _hotplug, lambda v: "0" if v == ["none"] else ",".join(v), parse=_hotplug)
# Texts that no newline and no comma can divide (lxc `env`, 9.1).
NULLS = Codec("list of NAME=VALUE", lambda v: v if isinstance(v, list) else str(v).split("\0"), "\0".join)


def parts_of(raw: object, default_part: str = "") -> dict[str, str]:
    """The parts of a property string; the API shows some of them taken apart (cluster/options, cluster/backup, 9.1)."""
    if isinstance(raw, dict):
        texts = {k: ";".join(map(str, v)) if isinstance(v, list) else raw_text(v) for k, v in raw.items()}
        return {str(name): text for name, text in texts.items()}
    return parse_property_string(str(raw), default_part)


def parse_property_string(text: str, default_part: str = "") -> dict[str, str]:
    """The parts of `a,b=c`, in order; a bare first part stands for `default_part`. Source: pve-common JSONSchema."""
    parts: dict[str, str] = {}
    for item in text.split(","):
        if not item.strip():
            continue
        name, equals, value = item.partition("=")
        # A volume such as `/dev/disk/by-id/a=b` has a name that no part has.
        if equals and re.fullmatch(r"[\w.-]+", name.strip()):
            parts[name.strip()] = value
        else:
            parts[default_part or name.strip()] = item.strip()
    return parts


def property_string(parts: Mapping[str, str], default_part: str = "") -> str:
    """Parts as PVE writes them; the default part stands first and bare."""
    first = [parts[default_part]] if default_part and default_part in parts else []
    return ",".join([*first, *(f"{name}={value}" for name, value in parts.items() if name != default_part)])


def raw_text(value: object) -> str:
    """A raw config value as the API takes it; booleans are 1 and 0."""
    return ("1" if value else "0") if isinstance(value, bool) else str(value).strip()


def option_text(value: object) -> str:
    """A raw config value in the form in which it is compared: the order of a property string's parts does not count.

    Text with spaces is no property string (`args`), and is compared as it is.
    """
    text = raw_text(value)
    if "," not in text or "=" not in text or " " in text:
        return text
    # A bare part is the default one: it stays first, where every reader expects it.
    return ",".join(sorted((part.strip() for part in text.split(",") if part.strip()), key=lambda p: ("=" in p, p)))
