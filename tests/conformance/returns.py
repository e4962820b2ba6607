"""Does an answer have the shape that the API's schema says it returns?

PVE itself breaks its schema in places: the complaints that its own recorded answers raise are no complaints about the
simulator (`excused`).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent / "recordings"

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool, int), "array": (list,),
    "object": (dict,), "null": (type(None),),
}  # fmt: skip
_NUMBERED = re.compile(r"^(.*?)\d+$")


@functools.cache
def table(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("proxmox_mpc.api_facts") / f"pve-{version}.json").read_text())
    return found


def complaints(version: str, verb: str, template: str, data: Any) -> Iterator[str]:
    """What the schema's `returns` of a method forbids in `data`, each with its place (list items as `[]`)."""
    facts = table(version)["methods"].get(template, {}).get(verb, {})
    if "returns" in facts:
        yield from _check(version, facts["returns"], data, "")


def _check(version: str, index: int, value: Any, place: str) -> Iterator[str]:
    facts = table(version)["types"][index]
    kind = facts.get("type")
    if value is None and (kind == "null" or not place):
        return  # `data` is null wherever there is nothing to tell
    if kind in _JSON_TYPES and (
        not isinstance(value, _JSON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    ):
        yield f"{place}: {type(value).__name__} instead of {kind}"
        return
    if "enum" in facts and value not in facts["enum"] and str(value) not in map(str, facts["enum"]):
        yield f"{place}: not one of {facts['enum']}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if "minimum" in facts and value < facts["minimum"]:
            yield f"{place}: less than {facts['minimum']}"
        if "maximum" in facts and value > facts["maximum"]:
            yield f"{place}: more than {facts['maximum']}"
    if isinstance(value, str) and "pattern" in facts and not re.search(_python(facts["pattern"]), value):
        yield f"{place}: does not match {facts['pattern']}"
    if isinstance(value, list) and "items" in facts:
        for item in value:
            yield from _check(version, facts["items"], item, f"{place}[]")
    if isinstance(value, dict):
        yield from _object(version, facts, value, place)


def _python(pattern: str) -> str:
    """A Perl pattern as Python writes it: `(?^:` is Perl's way to print a compiled one."""
    return re.sub(r"\(\?\^(\w*):", r"(?\1:", pattern).replace("\\z", "\\Z")


def _object(version: str, facts: dict[str, Any], value: dict[str, Any], place: str) -> Iterator[str]:
    parts: dict[str, int] = facts.get("properties", {})
    # A property named `{id}` stands for any name.
    others = next((index for name, index in parts.items() if name.startswith("{")), -1)
    for name, index in parts.items():
        if (
            "[n]" not in name
            and not name.startswith("{")
            and name not in value
            and not table(version)["types"][index].get("optional")
        ):
            yield f"{place}.{name}: is missing"
    for name, part in value.items():
        numbered = _NUMBERED.match(name)
        index = parts.get(name, parts.get(f"{numbered[1]}[n]", others) if numbered else others)
        if index >= 0:
            yield from _check(version, index, part, f"{place}.{name}")
        elif parts and facts.get("additionalProperties") == 0:
            yield f"{place}.{name}: is not in the schema"


# Not recorded, but answered by the code that answers what is: directory mappings by that of the other mappings; and
# 8.4's schema takes the pending values of a zone for a switch, where 9.1's has it right.
_LIKEWISE = {
    ("GET", "/cluster/mapping/dir", "[].description: is missing"),
    ("GET", "/cluster/sdn/zones", "[].pending: dict instead of boolean"),
}


@functools.cache
def excused() -> frozenset[tuple[str, str, str]]:
    """(verb, template, complaint) of every recorded answer of the real PVE 9.1.7 that its own schema forbids."""
    found = set(_LIKEWISE)
    for verb, path, data in recorded():
        template = template_of("9.1", path)
        if template:
            found |= {(verb, template, text) for text in complaints("9.1", verb, template, data)}
    # What was recorded of virtual machines' firewalls holds for containers' too.
    found |= {(verb, path.replace("/qemu/", "/lxc/"), text) for verb, path, text in found if "/firewall/" in path}
    return frozenset(found)


def recorded() -> Iterator[tuple[str, str, Any]]:
    """The method, path and `data` of every recorded request that succeeded."""
    for file in sorted(RECORDINGS.glob("*/*.json")):
        scenario = json.loads(file.read_text())
        for step in [*scenario["steps"], *scenario.get("cleanup", [])]:
            answer = step.get("response", {})
            if answer.get("status") == 200 and isinstance(answer.get("body"), dict) and "message" not in answer["body"]:
                yield step["method"], re.sub(r"\$\{[^}]*\}", "x", step["path"]), answer["body"].get("data")


@functools.cache
def _patterns(version: str) -> list[tuple[re.Pattern[str], str]]:
    greedy = {"volume", "cidr"}
    return [
        (re.compile("/" + re.sub(r"\{([\w-]+)\}", lambda m: ".+" if m[1] in greedy else "[^/]+", p.strip("/"))), p)
        for p in sorted(table(version)["methods"], key=lambda p: p.count("{"))
    ]


@functools.cache
def template_of(version: str, path: str) -> str:
    """The schema's spelling of a path, or nothing."""
    return next((template for pattern, template in _patterns(version) if pattern.fullmatch(path)), "")
