"""Values against `values.schema.json`, of a chart and of the charts in it, refused in the words of Helm 4.2.3.

A schema refers to itself only: what is elsewhere, on the network or on the disk, is refused and never read. A `urn:`
allows everything, as in Helm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.encodings.json_values import read_json_at
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_text, type_of
from proxmox_mpc.charts.language.quoting import quote

_SURROGATE = re.compile("[\ud800-\udfff]")
_DURATION = re.compile(r"P(?!$)(\d+W|(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)", re.ASCII)
_OWN_URL = "file:///values.schema.json"
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def validate(chart: Chart, values: Mapping[str, Any]) -> None:
    """Raise BadValues when the values of a chart, or of one in it, are not what its schema wants."""
    problems = _problems(chart, values)
    if problems:
        raise BadValues("values don't meet the specifications of the schema(s) in the following chart(s):\n" + problems)


def _problems(chart: Chart, values: Mapping[str, Any]) -> str:
    found = ""
    if chart.schema is not None:
        wrong = against(chart.schema, values)
        found = f"{chart.name}:\n{wrong}" if wrong else ""
    for inner in chart.dependencies:
        below = values.get(inner.name)
        if isinstance(below, dict):
            found += _problems(inner, below)
        elif below is not None:
            found += f"{inner.name}:\ninvalid type for values: expected object (map), got {type_of(below)}\n"
    return found


def against(schema: bytes, values: Mapping[str, Any]) -> str:
    """What one schema says of values; nothing when they are as it wants."""
    try:
        validator = _validator(schema)
    except GoError as error:
        return str(error)
    plain = _plain(values)
    if validator.is_valid(plain):
        return ""
    from proxmox_mpc.charts.schema_wording import explained

    errors = list(validator.iter_errors(plain))
    try:
        return explained(errors, schema, plain) + "\n"
    except (LookupError, TypeError, ValueError, AttributeError):
        # An error that does not fit into the tree is told all the same.
        return "".join(f"- {error.message}\n" for error in errors)


# Formats that Helm's library asks for in every draft up to 7, and jsonschema-rs only where the draft names them.
_FORMATS = {
    "uuid": lambda text: bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text)),
    "duration": lambda text: bool(_DURATION.fullmatch(text)),
}


# Charts are rendered again and again with other values.
@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Any:
    import jsonschema_rs

    document = _document(go_text(schema))
    try:
        return jsonschema_rs.validator_for(
            document,
            retriever=_retrieve,
            base_uri=_OWN_URL,
            pattern_options=jsonschema_rs.RegexOptions(),
            formats=_FORMATS,
        )
    except jsonschema_rs.ValidationError as error:
        raise GoError(_uncompiled(error, document)) from None
    except Exception as error:
        raise GoError(f"unable to validate schema: {error}") from None


def _document(text: str) -> Any:
    try:
        document, end = read_json_at(text, 0, integers=True)
    except GoError as error:
        raise GoError("EOF" if not text.strip() else str(error)) from None
    if text[end:].strip(" \t\r\n"):
        raise GoError("invalid character after top-level value")
    return document


def _retrieve(url: str) -> Any:
    if url.startswith("urn:"):
        return True
    raise ValueError(url)


def _uncompiled(error: Any, document: Any) -> str:
    """Why a schema is none."""
    from proxmox_mpc.charts.schema_wording import misplaced

    message = str(error.message)
    missing = re.match(r"Resource '(.*?)' is not present", message)
    if missing:
        return f"failing loading {quote(missing[1])}: a schema may only refer to itself"
    pointer = re.match(r"Pointer '(.*?)' does not exist", message)
    if pointer:
        return f"json-pointer in {quote(f'{_OWN_URL}#{pointer[1]}')} not found"
    unknown = re.match(r"Unknown meta-schema: '(.*?)'", message)
    if unknown:
        return f"failing loading {quote(unknown[1])}: there is no such version of JSON Schema"
    named = document.get("$schema", _DRAFT) if isinstance(document, dict) else _DRAFT
    draft = f"{str(named).rstrip('#')}#"
    try:
        found = misplaced(error, "draft/20" in draft)
    except (LookupError, TypeError, ValueError, AttributeError):
        found = f"\n- {error.message}"
    return (
        f"{quote(f'{_OWN_URL}#')} is not valid against metaschema: jsonschema validation failed with '{draft}'{found}"
    )


def _plain(value: Any) -> Any:
    """A value of Python's own types, and without halves of letters."""
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value) if not value.isascii() else str(value)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value
