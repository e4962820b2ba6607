"""Values as text and as tables: values.yaml, `-f` files, and what lies where in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from proxmox_mpc.charts.encodings.yaml_reading import read_yaml_map
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import type_of

_SEPARATOR = re.compile(r"^---(.*)\n?", re.MULTILINE)


def read_values(text: str, *, integers: bool = False) -> dict[str, Any]:
    """Values from a YAML text; of several documents later ones lie over earlier ones. Raises GoError with its words."""
    values: dict[str, Any] = {}
    for document in _documents(text):
        try:
            found = read_yaml_map(document, integers=integers)
        except GoError as error:
            raise GoError(f"cannot unmarshal yaml document: {error}") from None
        values = overlaid(values, found)
    return values


def _documents(text: str) -> Iterable[str]:
    """Texts between the lines that begin with `---`, wherever they stand, as Kubernetes' reader splits them."""
    begin = 0
    for separator in _SEPARATOR.finditer(text):
        if separator.start() > begin:
            yield text[begin : separator.start()]
        after = separator[1].strip()
        if after and not after.startswith("#"):
            raise GoError(f"error reading yaml document: invalid Yaml document separator: {after}")
        begin = separator.end()
    if begin < len(text):
        yield text[begin:]


def overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two tables as one; what stands above wins, null too, and tables are laid over each other."""
    both = dict(below)
    for key, value in above.items():
        under = both.get(key)
        both[key] = overlaid(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return both


def copied(value: Any) -> Any:
    """A value whose tables and lists are its own."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def table_at(values: Mapping[str, Any], path: str) -> dict[str, Any] | None:
    """The table at a dotted path; None where there is none."""
    found: Any = values
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) or found is values else None
    return found if isinstance(found, dict) else None


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path that is no table; None where there is none."""
    above, _, name = path.rpartition(".")
    table = table_at(values, above) if above else values
    found = None if table is None else table.get(name)
    return None if isinstance(found, dict) else found


def jsonlike(value: Any, *, integers: bool) -> Any:
    """Values that were given as JSON or Python, as a values file would give them: numbers are floats, keys are text."""
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str:
                raise BadValues(f"a key of values must be text: {key!r}")
        return {key: jsonlike(item, integers=integers) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonlike(item, integers=integers) for item in value]
    if type(value) is int and not integers:
        return float(value)
    if value is not None and type(value) not in (bool, int, float, str):
        raise BadValues(f"values cannot hold a {type_of(value)}")
    return value
