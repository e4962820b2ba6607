"""Checks parameters against the API facts, with PVE's texts and in PVE's order.

The order matters because only the first failure of a value is told: type, format, pattern, length, range, enum
(`check_prop` of PVE::JSONSchema as it behaves in 9.1). Types compile once into closures; a request only calls them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from proxmox_mpc.simulator import formats

Errors = dict[str, str]
Check = Callable[[Any, str, Errors], None]

MISSING = "property is missing and it is not optional"
UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"

# How many of each indexed parameter there are; the facts only say `name[n]`. Containers have more mount points
# than anything else, everything not listed has 32 (net, ipconfig).
_COUNTS = {
    "acmedomain": 6, "dev": 256, "hostpci": 16, "ide": 4, "link": 8, "mp": 256, "numa": 8, "parallel": 3, "sata": 6,
    "scsi": 31, "serial": 4, "unused": 256, "usb": 14, "virtio": 16, "virtiofs": 10,
}  # fmt: skip

# Python reads no integers of more than 4300 digits; nobody means so many.
_INTEGER = re.compile(r"[+-]?\d{1,1000}")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_TRUE = re.compile(r"1|on|yes|true", re.IGNORECASE)
_FALSE = re.compile(r"0|off|no|false", re.IGNORECASE)


def add_error(errors: Errors, path: str, text: str) -> None:
    errors[path] = f"{errors[path]}\n{text}" if path in errors else text


def perl_pattern(source: str) -> re.Pattern[str]:
    """A pattern as the facts state it (Perl), as a compiled Python one. Matched against the whole value."""
    return re.compile(source.replace("(?^", "(?").replace("\\z", "\\Z"))


class TypeTable:
    """The types of one version; compiles each on first use."""

    def __init__(self, facts: Sequence[Mapping[str, Any]]) -> None:
        self.facts = facts
        self._checks: dict[int, Check] = {}

    def parameters(self, names: Mapping[str, int], additional: bool) -> Parameters:
        return Parameters(self, names, additional)

    def is_required(self, index: int) -> bool:
        """Must it be there? With alternatives for several kinds of thing, only when every alternative must."""
        facts = self.facts[index]
        if "oneOf" in facts:
            return not any(self.facts[i].get("optional") for i in facts["oneOf"])
        return not facts.get("optional")

    def check(self, index: int) -> Check:
        """The check of a present value."""
        if index not in self._checks:
            self._checks[index] = self._compile(self.facts[index])
        return self._checks[index]

    def _compile(self, facts: Mapping[str, Any]) -> Check:
        kind = facts.get("type")
        if kind == "array":
            return self._compile_array(facts)
        steps = [*self._type_step(kind), *self._value_steps(facts)]

        def check(value: Any, path: str, errors: Errors) -> None:
            for step in steps:
                if (text := step(value, path)) is not None:
                    add_error(errors, path, text)
                    return

        return check

    def _compile_array(self, facts: Mapping[str, Any]) -> Check:
        item = self.check(facts["items"]) if "items" in facts else None

        def check(value: Any, path: str, errors: Errors) -> None:
            for index, element in enumerate(value if isinstance(value, list) else [value]):
                if item:
                    item(element, f"{path}[{index}]", errors)

        return check

    @staticmethod
    def _type_step(kind: str | None) -> list[Callable[[Any, str], str | None]]:
        tests: dict[str, Callable[[str], Any]] = {
            "integer": _INTEGER.fullmatch,
            "number": _NUMBER.fullmatch,
            "boolean": ("0", "1").__contains__,
        }
        test = tests.get(kind or "")

        def step(value: Any, path: str) -> str | None:
            if isinstance(value, (list, dict)):
                return f"type check ('{kind}') failed" if kind in tests or kind == "string" else None
            if test and not test(value):
                return f"type check ('{kind}') failed - got '{value}'"
            return None

        return [step] if kind else []

    def _value_steps(self, facts: Mapping[str, Any]) -> list[Callable[[Any, str], str | None]]:
        steps: list[Callable[[Any, str], str | None]] = []
        if (named := facts.get("format")) is not None:
            steps.append(self._format_step(named))
        if pattern := facts.get("pattern"):
            matches = perl_pattern(pattern).fullmatch
            steps.append(lambda v, _: None if matches(v) else "value does not match the regex pattern")
        if (longest := facts.get("maxLength")) is not None:
            most = int(longest)
            steps.append(lambda v, _: f"value may only be {most} characters long" if len(v) > most else None)
        if (shortest := facts.get("minLength")) is not None:
            least = int(shortest)
            steps.append(lambda v, _: f"value must be at least {least} characters long" if len(v) < least else None)
        steps += self._range_steps(facts)
        if enum := facts.get("enum"):
            values, listed = frozenset(map(str, enum)), ", ".join(map(str, enum))
            steps.append(
                lambda v, _: None if v in values else f"value '{v}' does not have a value in the enumeration '{listed}'"
            )
        return steps

    @staticmethod
    def _range_steps(facts: Mapping[str, Any]) -> list[Callable[[Any, str], str | None]]:
        steps: list[Callable[[Any, str], str | None]] = []
        if (top := facts.get("maximum")) is not None:
            steps.append(
                lambda v, _: (
                    f"value must have a maximum value of {top}"
                    if _NUMBER.fullmatch(v) and float(v) > float(top)
                    else None
                )
            )
        if (floor := facts.get("minimum")) is not None:
            steps.append(
                lambda v, _: (
                    f"value must have a minimum value of {floor}"
                    if _NUMBER.fullmatch(v) and float(v) < float(floor)
                    else None
                )
            )
        return steps

    def _format_step(self, named: Any) -> Callable[[Any, str], str | None]:
        properties: PropertyString | None = None
        if isinstance(named, dict):
            properties = PropertyString({k: self.facts[v] for k, v in named.items()}, self._compile)
        elif named in formats.PROPERTY_STRINGS:
            properties = PropertyString(formats.PROPERTY_STRINGS[named], self._compile)
        after = formats.checker(named) if isinstance(named, str) else None

        def step(value: Any, path: str) -> str | None:
            try:
                if properties:
                    properties.check(value, path)
                if after:
                    after(value)
            except formats.FormatError as error:
                return f"invalid format - {error}"
            return None

        return step


class PropertyString:
    """A comma-separated list of `key=value`, with one key that may stand without its name."""

    def __init__(self, parts: Mapping[str, Mapping[str, Any]], compiler: Callable[[Mapping[str, Any]], Check]) -> None:
        self.parts = parts
        self.default_key = next((k for k, v in parts.items() if v.get("default_key")), None)
        self._compiler = compiler
        self._checks: dict[str, Check] = {}

    def parse(self, text: str) -> dict[str, str]:
        """The parts by their full names; aliases resolved, booleans as 0/1. Raises FormatError."""
        found: dict[str, str] = {}
        for part in text.split(","):
            if not part.strip():
                continue
            key, equals, value = part.partition("=")
            if equals and key and value:
                self._named(found, key, value)
            elif not equals:
                self._unnamed(found, part)
            else:
                raise formats.FormatError("missing key in comma-separated list property\n")
        return found

    def _named(self, found: dict[str, str], key: str, value: str) -> None:
        if key in found:
            raise formats.FormatError(f"duplicate key in comma-separated list property: {key}\n")
        facts = self.parts.get(key, {})
        if alias := facts.get("alias"):
            if owner := facts.get("keyAlias"):
                if owner in found:
                    raise formats.FormatError(f"key alias '{owner}' is already defined\n")
                found[owner] = key
            key, facts = alias, self.parts.get(alias, {})
        if facts.get("type") == "boolean":
            value = "1" if _TRUE.fullmatch(value) else "0" if _FALSE.fullmatch(value) else value
        found[key] = value

    def _unnamed(self, found: dict[str, str], part: str) -> None:
        if self.default_key is None:
            raise formats.FormatError("value without key, but schema does not define a default key\n")
        if self.default_key in found:
            raise formats.FormatError(f"duplicate key in comma-separated list property: {self.default_key}\n")
        found[self.default_key] = part

    def check(self, text: str, path: str) -> None:
        """Raises FormatError with one line per wrong part."""
        found, errors = self.parse(text), Errors()
        for key, facts in self.parts.items():
            if key in found:
                if key not in self._checks:
                    self._checks[key] = self._compiler(facts)
                self._checks[key](found[key], f"{path}.{key}", errors)
                needed = facts.get("requires")
                if needed and needed not in found:
                    add_error(errors, f"{path}.{needed}", f"missing property required by '{path}.{key}'")
            elif not facts.get("optional") and not facts.get("alias"):
                add_error(errors, f"{path}.{key}", MISSING)
        for key in found:
            if key not in self.parts:
                add_error(errors, f"{path}.{key}", UNKNOWN)
        if errors:
            raise formats.FormatError("format error\n" + "".join(f"{k}: {v}\n" for k, v in errors.items()))


class Parameters:
    """The parameters of one method."""

    def __init__(self, table: TypeTable, names: Mapping[str, int], additional: bool) -> None:
        self._table = table
        self.indexes: dict[str, int] = {}
        for name, index in names.items():
            base, is_indexed, _ = name.partition("[")
            for number in range(_COUNTS.get(base, 32)) if is_indexed else ():
                self.indexes[f"{base}{number}"] = index
            if not is_indexed:
                self.indexes[name] = index
        self._additional = additional
        self._required = [n for n, i in self.indexes.items() if table.is_required(i)]

    def facts(self, name: str) -> Mapping[str, Any]:
        """What the table says about a parameter; empty for unknown names."""
        index = self.indexes.get(name)
        return {} if index is None else self._table.facts[index]

    def is_list(self, name: str) -> bool:
        return self.facts(name).get("type") == "array"

    def property_string(self, name: str) -> PropertyString | None:
        """How to take a parameter's value apart, if it is a property string."""
        named = self.facts(name).get("format")
        if isinstance(named, dict):
            return PropertyString({k: self._table.facts[v] for k, v in named.items()}, self._table._compile)
        if isinstance(named, str) and named in formats.PROPERTY_STRINGS:
            return PropertyString(formats.PROPERTY_STRINGS[named], self._table._compile)
        return None

    def check(self, values: Mapping[str, Any]) -> Errors:
        """All that is wrong with `values`, by parameter; empty when they may be used."""
        errors = Errors()
        for name in self._required:
            if name not in values:
                add_error(errors, name, MISSING)
        for name, value in values.items():
            index = self.indexes.get(name)
            if index is None:
                if not self._additional:
                    add_error(errors, name, UNKNOWN)
                continue
            self._table.check(index)(value, name, errors)
            needed = self._table.facts[index].get("requires")
            if needed and needed not in values:
                add_error(errors, needed, f"missing property required by '{name}'")
        return errors
