"""Values as YAML, JSON and TOML, and back: Helm's own functions, and Sprig's that Helm leaves.

Without `must`, writing what cannot be written gives nothing, and reading what cannot be read a map with the key Error.
"""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.encodings.json_text import read_json, write_json
from proxmox_mpc.charts.encodings.yaml_writing import write_yaml, write_yaml_pretty
from proxmox_mpc.charts.language.function import Functions, GoError, TooMuch
from proxmox_mpc.charts.language.go_types import ANY_MAP, ANYS, NilList, type_of

DOCUMENTS = Functions()


@DOCUMENTS.function("toYaml", takes="interface {}")
def to_yaml(value: Any) -> str:
    try:
        return write_yaml(value)
    except TooMuch:
        raise
    except GoError:
        return ""


@DOCUMENTS.function("mustToYaml", takes="interface {}")
def must_to_yaml(value: Any) -> str:
    return write_yaml(value)


@DOCUMENTS.function("toYamlPretty", takes="interface {}")
def to_yaml_pretty(value: Any) -> str:
    try:
        return write_yaml_pretty(value)
    except TooMuch:
        raise
    except GoError:
        return ""


@DOCUMENTS.function("fromYaml", takes="string")
def from_yaml(text: str) -> dict[str, Any]:
    from proxmox_mpc.charts.encodings.yaml_reading import read_yaml_map

    try:
        return read_yaml_map(text)
    except GoError as error:
        return {"Error": str(error)}


@DOCUMENTS.function("fromYamlArray", takes="string")
def from_yaml_array(text: str) -> list[Any]:
    from proxmox_mpc.charts.encodings.yaml_reading import read_yaml_list

    try:
        return read_yaml_list(text)
    except GoError as error:
        return [str(error)]


@DOCUMENTS.function("toJson", takes="interface {}")
def to_json(value: Any) -> str:
    try:
        return write_json(value)
    except TooMuch:
        raise
    except GoError:
        return ""


@DOCUMENTS.function("mustToJson", takes="interface {}")
def must_to_json(value: Any) -> str:
    return write_json(value)


@DOCUMENTS.function("toPrettyJson", takes="interface {}")
def to_pretty_json(value: Any) -> str:
    try:
        return write_json(value, indent="  ")
    except TooMuch:
        raise
    except GoError:
        return ""


@DOCUMENTS.function("mustToPrettyJson", takes="interface {}")
def must_to_pretty_json(value: Any) -> str:
    return write_json(value, indent="  ")


@DOCUMENTS.function("toRawJson", "mustToRawJson", takes="interface {}")
def to_raw_json(value: Any) -> str:
    """JSON in which `<`, `>` and `&` stand as they are; in Sprig 3.3 both names fail loudly."""
    return write_json(value, html=False)


@DOCUMENTS.function("fromJson", takes="string")
def from_json(text: str) -> dict[str, Any]:
    try:
        found = read_json(text)
        if found is None or isinstance(found, dict):
            return found or {}
        raise GoError(f"json: cannot unmarshal {_json_name(found)} into Go value of type {ANY_MAP}")
    except GoError as error:
        return {"Error": str(error)}


@DOCUMENTS.function("fromJsonArray", takes="string")
def from_json_array(text: str) -> list[Any]:
    try:
        found = read_json(text)
        if isinstance(found, list):
            return found
        if found is None:
            return NilList()
        raise GoError(f"json: cannot unmarshal {_json_name(found)} into Go value of type {ANYS}")
    except GoError as error:
        return [str(error)]


@DOCUMENTS.function("mustFromJson", takes="string")
def must_from_json(text: str) -> Any:
    return read_json(text)


_JSON_NAMES = {"bool": "bool", "float64": "number", "string": "string", ANYS: "array", ANY_MAP: "object"}


def _json_name(value: Any) -> str:
    return _JSON_NAMES[type_of(value)]


@DOCUMENTS.function("toToml", takes="interface {}")
def to_toml(value: Any) -> str:
    """A map as TOML; where it cannot be written, the error stands in its place."""
    from proxmox_mpc.charts.encodings.toml_text import write_toml

    try:
        return write_toml(value)
    except GoError as error:
        if not str(error).startswith("toml: "):
            raise
        return str(error)


@DOCUMENTS.function("mustToToml", takes="interface {}")
def must_to_toml(value: Any) -> str:
    from proxmox_mpc.charts.encodings.toml_text import write_toml

    return write_toml(value)


@DOCUMENTS.function("fromToml", takes="string")
def from_toml(text: str) -> dict[str, Any]:
    from proxmox_mpc.charts.encodings.toml_text import read_toml
    from proxmox_mpc.charts.functions.times import toml_moment

    try:
        return read_toml(text, toml_moment)
    except GoError as error:
        return {"Error": str(error)}
