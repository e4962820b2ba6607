"""YAML as sigs.k8s.io/yaml reads it for Helm 4.2.3: YAML 1.1 by a port of libyaml, made JSON, and read again as JSON.

So `yes`, `on` and `y` are booleans too, `0777` is octal, every number is a float64, every key is a string, and of two
equal keys the last one wins. `integers` keeps integers as they are written.
"""

from __future__ import annotations

from typing import Any

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from proxmox_mpc.charts.encodings.yaml_documents import COLON, Document
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import ANY_MAP, ANYS

# How many colons between brackets are read as go-yaml does; each takes another attempt, and nobody writes one.
_MAX_COLONS = 50
_JSON_NAMES = {str: "string", bool: "bool", float: "number", int: "number", list: "array", dict: "object"}


def read_yaml(text: str, *, integers: bool = False) -> Any:
    """The first document of a text; of an empty one None. Raises GoError with Go's words.

    Without `integers` numbers are floats, as Go's JSON reads them; an integer that int64 cannot hold always is.
    """
    try:
        return _read(text, integers)
    except GoError as error:
        raise GoError(f"error converting YAML to JSON: {error}") from None
    except UnicodeEncodeError:
        raise GoError("error converting YAML to JSON: yaml: invalid Unicode character") from None
    except YAMLError as error:
        raise GoError(f"error converting YAML to JSON: yaml: {_wording(error)}") from None


def _read(text: str, integers: bool) -> Any:
    """What go-yaml reads: of `{a:}` a key `a:`, whose colon libyaml refuses, and so gets another letter for it."""
    text = text.removeprefix("\ufeff")
    colons = 0
    while True:
        try:
            return Document(text, integers, colons).read()
        except ScannerError as error:
            place = error.problem_mark.index if error.problem_mark else -1
            if error.problem != "found unexpected ':'" or colons >= _MAX_COLONS or text[place : place + 1] != ":":
                raise
            if COLON in text and not colons:
                raise
            text = text[:place] + COLON + text[place + 1 :]
            colons += 1


def read_yaml_map(text: str, *, integers: bool = False, go_type: str = ANY_MAP) -> dict[str, Any]:
    """A document that must be a map; an empty one is an empty map. `go_type` is what Go reads it into."""
    found = read_yaml(text, integers=integers)
    if found is None:
        return {}
    if type(found) is not dict:
        raise GoError(misfit(found, go_type))
    return found


def read_yaml_list(text: str, *, integers: bool = False) -> list[Any]:
    """A document that must be a list; an empty one is an empty list."""
    found = read_yaml(text, integers=integers)
    if found is None:
        return []
    if type(found) is not list:
        raise GoError(misfit(found, ANYS))
    return found


def misfit(found: Any, go_type: str, field: str = "") -> str:
    """What Go says of a value that does not fit the type, or the struct's field, that it is read into."""
    target = f"struct field {field} of type" if field else "value of type"
    name = _JSON_NAMES[type(found)]
    return f"error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {name} into Go {target} {go_type}"


def _wording(error: YAMLError) -> str:
    """libyaml's error with the line that go-yaml gives it, which is none where the first line is meant."""
    if isinstance(error, ReaderError):
        return str(error.reason)
    if not isinstance(error, MarkedYAMLError):
        return str(error)
    line = 0
    if error.problem_mark and error.problem_mark.line:
        line = error.problem_mark.line + isinstance(error, ScannerError)
    elif error.context_mark:
        line = error.context_mark.line
    return f"line {line}: {error.problem}" if line else str(error.problem)
