"""The words in which a spec is declared: what a field is called in the API, its default, what a change costs.

A spec is a pydantic model whose fields are made by `field`, `group` and `keyed`. From these declarations alone come
parsing, flattening to canonical `Fields`, the wire form, defaults, costs, `explain` and export (see `_schema.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, ClassVar, Literal, cast, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._codec import Codec, Value


class Impact(IntEnum):
    """What a change costs the guest that it touches, from nothing to data; the order is the severity."""

    NONE = 0
    HOTPLUG = 1
    PENDING = 2
    RESTART = 3
    STOP_START = 4
    MIGRATE = 5
    REPLACE = 6
    DATA_LOSS = 7

    @property
    def label(self) -> str:
        return _LABELS[self]

    @classmethod
    def labelled(cls, label: str) -> Impact:
        """The impact that a view shows so. Raises KeyError."""
        return {text: impact for impact, text in _LABELS.items()}[label]


_LABELS = {
    Impact.NONE: "none",
    Impact.HOTPLUG: "hot-plug",
    Impact.PENDING: "pending until reboot",
    Impact.RESTART: "restart",
    Impact.STOP_START: "stop-start",
    Impact.MIGRATE: "migrate",
    Impact.REPLACE: "replace",
    Impact.DATA_LOSS: "data loss",
}


@dataclass(frozen=True)
class Wire:
    """How one field stands in the API.

    `key` is the parameter's name, `part` its part of a property string. Fields without either are the product's own.

    - `create_only`: decided at creation; another value later means a new object.
    - `hint`: steers creation, and is never compared afterwards.
    - `preference`: compared with what was applied, not with what lives; a guest that moved has not drifted.
    - `quiet`: chosen by the cluster unless written; compared when written, left out of exports.
    - `telling`: quiet, and yet shown of a list item that goes: which very volume it is.
    - `sticky`: part of what the object is; leaving it out of a manifest later changes nothing.
    - `echoed`: a secret whose presence the API shows.
    - `secret`: written, never read; compared by a stored fingerprint.
    - `beside`: fields (or `FIELD=VALUE|VALUE`) beside which a secret stands that the API does not show.
    - `kept`: of an object that only the store holds: its own, although the API has no name for it.
    - `aliases`: other names that the API has for the part.
    - `refers`: kinds, one of which the value names an object of.
    - `covers`: whether the wanted value, which says less, holds for the live one.
    """

    key: str = ""
    part: str = ""
    codec: Codec | None = None
    default: Value | None = None
    impact: Impact = Impact.NONE
    create_only: bool = False
    hint: bool = False
    preference: bool = False
    quiet: bool = False
    telling: bool = False
    sticky: bool = False
    echoed: bool = False
    secret: bool = False
    kept: bool = False
    beside: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    covers: Callable[[Value, Value], bool] | None = None


@dataclass(frozen=True)
class Group:
    """A nested model: plain when `key` is empty, else one property string.

    `keys` are the slot prefixes of a keyed list (`net` for net0, net1, …). `default_part` may stand bare in the
    property string. `read` and `write` convert its parts where the wire form is not a plain list of them; `claims`
    tells, where several lists share slots, whose a property string is.
    """

    key: str = ""
    keys: tuple[str, ...] = ()
    default_part: str = ""
    impact: Impact = Impact.NONE
    read: Callable[[dict[str, str]], dict[str, str]] | None = None
    write: Callable[[dict[str, str]], dict[str, str]] | None = None
    claims: Callable[[dict[str, str]], bool] | None = None


@dataclass(frozen=True)
class Verbatim:
    """A mapping that is handed on as it is written: no field of the object itself, so nothing of it is compared."""


class Part(BaseModel):
    """One level of a spec: unknown fields are refused, types are not guessed, names are camelCase in manifests."""

    # Building validators is what costs at import: a command builds only those of the kinds that it validates.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel, defer_build=True)
    shorthand: ClassVar[str] = ""
    """The field that a bare value stands for, so that `agent: true` is `agent: {enabled: true}`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **facts: Any) -> None:
        """Whatever cannot be None must be written; `field` itself knows no annotation."""
        for info in cls.model_fields.values():
            if info.default is None and type(None) not in get_args(info.annotation):
                info.default = PydanticUndefined

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if cls.shorthand and value is not None and not isinstance(value, dict | BaseModel):
            return {cls.shorthand: value}
        return value


def field(key: str = "", *, part: str = "", help: str, **facts: Any) -> Any:
    """Declare one value; `facts` go to `Wire` where it knows them, else to pydantic (`ge`, `le`, `pattern`, …)."""
    wire_facts = {name: facts.pop(name) for name in list(facts) if name in Wire.__dataclass_fields__}
    info = cast(FieldInfo, Field(default=None, description=help, **facts))
    info.metadata.append(Wire(key=key, part=part, **wire_facts))
    return info


def group(key: str = "", *, help: str, **facts: Any) -> Any:
    """Declare a nested model; with `key`, one that PVE holds in a single property string."""
    info = cast(FieldInfo, Field(default=None, description=help))
    info.metadata.append(Group(key=key, **facts))
    return info


def keyed(*keys: str, help: str, **facts: Any) -> Any:
    """Declare a list whose items are told apart by `slot` (net0, scsi1, …); `keys` are the slots' prefixes."""
    info = cast(FieldInfo, Field(default=None, description=help))
    info.metadata.append(Group(keys=keys, **facts))
    return info


def verbatim(*, help: str) -> Any:
    """Declare a mapping that is none of the object's fields."""
    info = cast(FieldInfo, Field(default=None, description=help))
    info.metadata.append(Verbatim())
    return info


def _written(codec: Codec) -> BeforeValidator:
    assert codec.parse is not None
    return BeforeValidator(codec.parse)


Size = Annotated[int, _written(_codec.SIZE), _codec.SIZE]
Mebibytes = Annotated[int, _written(_codec.MIB), _codec.MIB]
Tags = Annotated[list[str], _written(_codec.TAGS), _codec.TAGS]
NameList = Annotated[list[str], _written(_codec.COMMAS), _codec.COMMAS]
Names = Annotated[list[str], _written(_codec.NAMES), _codec.NAMES]
Texts = Annotated[list[str], _codec.ARRAY]
Prose = Annotated[str, BeforeValidator(lambda v: _codec.PROSE.read(v) if isinstance(v, str) else v), _codec.PROSE]
Mac = Annotated[str, BeforeValidator(lambda v: v.upper() if isinstance(v, str) else v), _codec.MAC]
Ranges = Annotated[list[str], _written(_codec.RANGES), _codec.RANGES]
Semicolons = Annotated[list[str], _written(_codec.SEMICOLONS), _codec.SEMICOLONS]
# YAML 1.1 reads `on` and `off` as true and false; here they are words of PVE among others.
OnOff = BeforeValidator(lambda v: {True: "on", False: "off"}[v] if isinstance(v, bool) else v)
OptionMap = dict[str, str | int | float | bool]
Bus = Literal["scsi", "virtio", "sata", "ide"]
