"""Guest configuration files as PVE writes them in /etc/pve: read, written, hashed.

A file has the live keys, then sections: `[PENDING]`, `[special:…]` and one per snapshot. The description stands in
`#` lines, percent-encoded. An empty value reads as one blank (`boot: ` → " "), which the API then shows (9.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

Section = dict[str, str]

_SECTION = re.compile(r"\[([^\]]+)\]\s*")
_LINE = re.compile(r"([a-zA-Z][a-zA-Z0-9_\-.]*):\s*(.*?)\s*")
_ESCAPED = re.compile(r"[\x00-\x1f%\x7f:]|[^\x00-\x7f]+")


@dataclass
class Conf:
    """The sections of one file. `specials` holds sections that the API does not show, by their whole name."""

    live: Section = field(default_factory=dict)
    pending: Section = field(default_factory=dict)
    snapshots: dict[str, Section] = field(default_factory=dict)
    specials: dict[str, Section] = field(default_factory=dict)


def read(text: str) -> Conf:
    """Take a configuration file apart. Lines that are not `key: value` are dropped, as PVE drops them."""
    conf = Conf()
    section, description = conf.live, list[str]()

    def close() -> None:
        if description:
            section["description"] = "\n".join(description).rstrip()
            description.clear()

    for line in text.splitlines():
        if found := _SECTION.fullmatch(line.strip()):
            close()
            section = _open(conf, found[1])
        elif line.startswith("#"):
            description.append(unquote(line[1:]))
        elif found := _LINE.fullmatch(line.strip() if ":" in line else ""):
            if found[1] == "description":
                description.append(unquote(found[2]))
            else:
                section[found[1]] = found[2] or " "
    close()
    return conf


def _open(conf: Conf, name: str) -> Section:
    if name.upper() == "PENDING":
        return conf.pending
    if name.startswith("special:"):
        return conf.specials.setdefault(name, {})
    return conf.snapshots.setdefault(name, {})


def write(conf: Conf) -> str:
    """The file's text; its SHA-1 is the digest that the API reports."""
    parts = [_write_section(conf.live)]
    named = {"PENDING": conf.pending} if conf.pending else {}
    for name, section in {**named, **conf.specials, **dict(sorted(conf.snapshots.items()))}.items():
        parts.append(f"\n[{name}]\n{_write_section(section)}")
    return "".join(parts)


def _write_section(section: Section) -> str:
    lines = [f"#{_escape(line)}\n" for line in section.get("description", "").splitlines()]
    lines += [f"{key}: {value.strip()}\n" for key, value in sorted(section.items()) if key != "description"]
    return "".join(lines)


def _escape(text: str) -> str:
    return _ESCAPED.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), text)
