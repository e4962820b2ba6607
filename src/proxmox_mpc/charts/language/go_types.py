"""Go's types on Python's values, as far as a template can tell them apart.

| Go | here |
|---|---|
| nil | None |
| bool, string, float64 | bool, str, float |
| int | int |
| int64, int32, uint8 … | `Sized`: an int that carries its type |
| []interface {} | list |
| []string, []int … | `Slice`: a list that carries its type (`NilList`: that it is nil) |
| []byte | bytes |
| map[string]interface {} | dict |
| map[string]string, common.Values … | `Map`: a dict that carries its type |
| structs and pointers to them | `Struct` |

A Go string is bytes that are mostly UTF-8. Bytes that are not stand in a `str` as surrogates (`surrogateescape`), so
that nothing is lost between `b64dec` and `b64enc`; `go_bytes` and `go_text` convert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

ANY = "interface {}"
ANYS = "[]interface {}"
ANY_MAP = "map[string]interface {}"


class Sized(int):
    """An integer of a Go type other than `int`, such as int64; `go_kind` is what it is made of when it has a name."""

    __slots__ = ()
    go_type: ClassVar[str] = "int64"
    go_kind: ClassVar[str] = ""


class Int64(Sized):
    """Go's int64: what most of Sprig's arithmetic returns."""

    __slots__ = ()


class Int32(Sized):
    """Go's int32, which is also a rune."""

    __slots__ = ()
    go_type = "int32"


class Uint8(Sized):
    """Go's uint8: an element of []byte."""

    __slots__ = ()
    go_type = "uint8"


class Uint64(Sized):
    """Go's uint64: the parts of a semantic version."""

    __slots__ = ()
    go_type = "uint64"


class Duration(Sized):
    """Go's time.Duration, in nanoseconds."""

    __slots__ = ()
    go_type = "time.Duration"
    go_kind = "int64"


class Slice(list[Any]):
    """A list whose elements have one Go type, such as []string."""

    __slots__ = ()
    go_type: ClassVar[str] = ANYS


class Strings(Slice):
    """Go's []string."""

    __slots__ = ()
    go_type = "[]string"


class Ints(Slice):
    """Go's []int."""

    __slots__ = ()
    go_type = "[]int"


class NilList(Slice):
    """A []interface {} that is nil: empty, but `null` in JSON."""

    __slots__ = ()


class NilStrings(Strings):
    """A []string that is nil."""

    __slots__ = ()


class Lists(Slice):
    """Go's [][]interface {}: what `chunk` returns."""

    __slots__ = ()
    go_type = "[][]interface {}"


class Maps(Slice):
    """Go's []map[string]interface {}: an array of tables in TOML."""

    __slots__ = ()
    go_type = "[]map[string]interface {}"


class Map(dict[str, Any]):
    """A map of another Go type than map[string]interface {}."""

    __slots__ = ()
    go_type: ClassVar[str] = ANY_MAP
    methods: ClassVar[Mapping[str, Any]] = {}


class StringMap(Map):
    """Go's map[string]string: what `split` returns."""

    __slots__ = ()
    go_type = "map[string]string"


class Values(Map):
    """Helm's common.Values, a map[string]interface {} with methods."""

    __slots__ = ()
    go_type = "common.Values"


class Struct:
    """A Go struct, or a pointer to one when `go_type` begins with `*`.

    `fields` are what `{{ .Name }}` finds, in Go's order; `methods` are what it may call, by name.
    """

    __slots__ = ("fields",)
    go_type: ClassVar[str] = "struct {}"
    methods: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def json_form(self) -> Any:
        """What JSON is made of: a map in its own order, or a single value; without `json` tags the fields by name."""
        return self.fields

    def yaml_form(self) -> Any:
        """What `toYamlPretty` is made of: yaml.v3 lowers the fields' names when they have no `yaml` tags."""
        form = self.json_form()
        return {name.lower(): value for name, value in form.items()} if isinstance(form, dict) else form

    def __str__(self) -> str:
        """What Go's String method returns; a struct without one overrides nothing, and fmt prints its fields."""
        raise NotImplementedError


_TYPES: dict[type, str] = {
    type(None): "<nil>",
    bool: "bool",
    int: "int",
    float: "float64",
    str: "string",
    bytes: "[]uint8",
    list: ANYS,
    dict: ANY_MAP,
}

_KINDS: dict[type, str] = {
    type(None): "invalid",
    bool: "bool",
    int: "int",
    float: "float64",
    str: "string",
    bytes: "slice",
    list: "slice",
    dict: "map",
}


def type_of(value: Any) -> str:
    """Go's name of a value's type, as `%T` and `typeOf` print it."""
    found = _TYPES.get(type(value))
    return found if found is not None else str(value.go_type)


def kind_of(value: Any) -> str:
    """Go's kind of a value, as `kindOf` prints it; of nil "invalid"."""
    found = _KINDS.get(type(value))
    if found is not None:
        return found
    if isinstance(value, Sized):
        return value.go_kind or value.go_type
    if isinstance(value, list):
        return "slice"
    if isinstance(value, dict):
        return "map"
    name = str(value.go_type)
    return "ptr" if name.startswith("*") else "func" if name.startswith("func(") else "struct"


def go_bytes(text: str) -> bytes:
    """A Go string as its bytes."""
    return text.encode("utf-8", "surrogateescape")


def go_text(raw: bytes) -> str:
    """Bytes as a Go string; what is no UTF-8 is kept."""
    return raw.decode("utf-8", "surrogateescape")
