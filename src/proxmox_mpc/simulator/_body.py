"""Reads parameters out of a request, with the quirks of PVE's own HTTP server (PVE::APIServer::AnyEvent, 9.1).

Form bodies split at `&` and `;`, and a value ends at a second `=`; a repeated key becomes a NUL-joined list. JSON
bodies must be objects; `null` in them is an error; true and false become 1 and 0.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from proxmox_mpc.simulator._call import Upload
from proxmox_mpc.simulator._errors import ApiError

# The largest body that is not an upload.
LARGEST = 512 * 1024

# So deep may JSON be nested: PVE's parser takes 512, and no parameter needs more than two or three.
_DEEPEST = 100

_SERVER = "/usr/share/perl5/PVE/APIServer/AnyEvent.pm"
_BOUNDARY = re.compile(r"multipart/form-data\s*;.*?boundary=\"?([^\";,]+)", re.IGNORECASE)
_NAME = re.compile(rb'\bname="([^"]*)"')
_FILENAME = re.compile(rb'\bfilename="([^"]*)"')


# What Perl's JSON parser calls the same mistakes.
_COMPLAINTS = {
    "Expecting value": "malformed JSON string, neither tag, array, object, number, string or atom",
    "Expecting ',' delimiter": ", or ] expected while parsing array",
    "Extra data": "garbage after JSON object",
    "Unterminated string starting at": "unexpected end of string while parsing JSON string",
    "Expecting property name enclosed in double quotes": "unexpected end of string while parsing JSON string",
    "Expecting ':' delimiter": "':' expected",
}


class PlainError(ApiError):
    """An error of the HTTP server itself, without JSON. `text` is the body; most have none."""

    def __init__(self, status: int, reason: str, text: str = "") -> None:
        super().__init__(status, reason)
        self.text = text


def read(verb: str, query: str, content_type: str, body: bytes) -> tuple[dict[str, Any], Upload | None]:
    """All parameters by name, and the uploaded file if there is one. Raises ApiError as PVE's server does."""
    params = read_form(query)
    if not body:
        return params, None
    if verb not in ("POST", "PUT"):
        raise PlainError(501, f"Unexpected content for method '{verb}'")
    if found := _BOUNDARY.match(content_type):
        fields, upload = _read_multipart(body, found[1].encode())
        return {**params, **fields}, upload
    if len(body) > LARGEST:
        raise PlainError(501, "for data too large")
    kind = content_type.partition(";")[0].strip().lower()
    if kind in ("", "application/x-www-form-urlencoded"):
        return {**params, **read_form(body.decode("utf-8", "replace"))}, None
    if kind == "application/json":
        return {**params, **_read_json(body)}, None
    raise PlainError(506, f"upload Content-Type '{content_type}' not implemented")


def read_form(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for pair in re.split("[&;]", text) if text else ():
        parts = pair.split("=")
        if not parts[0]:
            continue
        key = unquote(parts[0].replace("+", " "))
        value = unquote(parts[1].replace("+", " ")) if len(parts) > 1 else ""
        found[key] = f"{found[key]}\0{value}" if key in found else value
    return found


def _read_json(body: bytes) -> dict[str, Any]:
    text = body.decode("utf-8", "replace")
    try:
        # Parameters are text; a number may be longer than Python reads.
        parsed = json.loads(text, parse_int=str)
        if "\\ud" in text.lower():
            # Half of a surrogate pair is no letter, and could not be written into any answer.
            parsed = json.loads(json.dumps(parsed, ensure_ascii=False).encode(errors="replace"))
        _check_depth(parsed)
    except RecursionError:
        complaint = f"json text or perl structure exceeds maximum nesting level at {_SERVER} line 1012."
        raise PlainError(500, complaint, f"{complaint}\n") from None
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :][:20] or "(end of string)"
        where = f'at character offset {error.pos} (before "{rest}")'
        complaint = f"{_COMPLAINTS.get(error.msg, error.msg)}, {where} at {_SERVER} line 1012."
        raise PlainError(500, complaint, f"{complaint}\n") from None
    if not isinstance(parsed, dict):
        raise PlainError(
            500, f"Not a HASH reference at {_SERVER} line 1013.", f"Not a HASH reference at {_SERVER} line 1013.\n"
        )
    return {key: _scalar(key, value) for key, value in parsed.items()}


def _check_depth(parsed: Any) -> None:
    level = [parsed]
    for _ in range(_DEEPEST):
        parts = [one.values() if isinstance(one, dict) else one if isinstance(one, list) else () for one in level]
        level = [part for some in parts for part in some]
        if not level:
            return
    raise RecursionError


def _scalar(key: str, value: Any) -> Any:
    if value is None:
        raise ApiError(500, f"parameter '{key}' is null\n")
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, list):
        return [_scalar(key, item) for item in value]
    return value if isinstance(value, (str, dict)) else str(value)


def _read_multipart(body: bytes, boundary: bytes) -> tuple[dict[str, Any], Upload | None]:
    fields: dict[str, Any] = {}
    upload: Upload | None = None
    for part in body.split(b"--" + boundary):
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not blank or not name:
            continue
        content = content.removesuffix(b"\r\n")
        if filename := _FILENAME.search(head):
            upload = Upload(filename[1].decode("utf-8", "replace"), content)
        else:
            fields[name[1].decode("utf-8", "replace")] = content.decode("utf-8", "replace")
    return fields, upload
