"""What a seed may hold: checked before anything is planted, so that a mistake is one line and not a broken cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from proxmox_mpc.simulator._validate import Parameters

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")]
_Text = dict[str, Any]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Node(_Part):
    name: _Name
    address: str = ""
    cpus: Annotated[int, Field(ge=1)] = 1
    memory: Annotated[int, Field(ge=1)] = 1
    disk: Annotated[int, Field(ge=1)] = 1
    used: int = 0
    uptime: float = 0
    online: bool = True
    interfaces: dict[str, _Text] = {}
    devices: list[_Text] = []
    bridges: list[str] = []
    disks: list[_Text] = []
    spaces: list[_Text] = []
    usb: list[_Text] = []


class _Storage(BaseModel):
    model_config = ConfigDict(extra="allow")
    storage: str
    type: str


class _File(_Part):
    volid: Annotated[str, Field(pattern=r"^[^:]+:.+")]
    node: str = ""
    size: int = 0
    used: int = 0
    ctime: float = 0
    notes: str = ""
    protected: bool = False
    parent: str = ""
    format: str = ""


class _Token(_Part):
    tokenid: str
    secret: str
    privsep: bool = True


class _User(_Part):
    userid: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    password: str = ""
    enable: bool = True
    expire: int = 0
    tokens: list[_Token] = []
    comment: str = ""
    email: str = ""
    firstname: str = ""
    lastname: str = ""
    keys: str = ""


class _Group(_Part):
    groupid: str
    comment: str = ""
    users: list[str] = []


class _Role(_Part):
    roleid: str
    privs: list[str]


class _Rule(_Part):
    path: Annotated[str, Field(pattern="^/")]
    type: Literal["user", "group", "token"]
    ugid: str
    roleid: str
    propagate: bool = True


class _Guest(_Part):
    vmid: Annotated[int, Field(ge=100, le=999_999_999)]
    type: Literal["qemu", "lxc"]
    node: str = ""
    status: Literal["running", "stopped", "paused", "suspended", "unknown"] = "stopped"
    uptime: float = 0
    conf: str = ""
    config: _Text | None = None
    pending: _Text = {}
    snapshots: dict[str, _Text] = {}

    @model_validator(mode="after")
    def _has_configuration(self) -> _Guest:
        if not self.conf and self.config is None:
            raise ValueError("a guest needs `config` (keys and values) or `conf` (the text of a configuration file)")
        return self


class _Pool(_Part):
    poolid: str
    comment: str = ""
    guests: list[int] = []
    storages: list[str] = []


class _Request(_Part):
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: Annotated[str, Field(pattern="^/")]
    params: _Text = {}


class _Seed(_Part):
    version: Literal["9.1", "8.4"] = "9.1"
    name: str = ""
    ceph: Any = None
    reachable: list[str] = []
    nodes: list[_Node | _Name] = []
    storages: list[_Storage] = []
    files: list[_File | str] = []
    users: list[_User] = []
    groups: list[_Group] = []
    roles: list[_Role] = []
    acl: list[_Rule] = []
    guests: list[_Guest] = []
    pools: list[_Pool | str] = []
    requests: list[_Request] = []


def check(seed: object) -> None:
    """Raises ValueError that names every mistake and its place in the seed."""
    if not isinstance(seed, Mapping):
        raise ValueError("the seed is not a JSON object, as described in docs/simulator.md")
    try:
        found = _Seed.model_validate(seed)
    except ValidationError as error:
        raise ValueError("\n".join(["the seed cannot be planted:", *_lines(error)])) from None
    names = [node if isinstance(node, str) else node.name for node in found.nodes]
    twice = [name for name in names if names.count(name) > 1]
    vmids = [guest.vmid for guest in found.guests]
    twice += [str(vmid) for vmid in vmids if vmids.count(vmid) > 1]
    if twice:
        raise ValueError(f"the seed cannot be planted: {twice[0]} is there twice")
    for guest in found.guests:
        if names and guest.node and guest.node not in names:
            raise ValueError(
                f"the seed cannot be planted: guest {guest.vmid} is on {guest.node}, which is no node of it"
            )


def drop_unfit(guest: Mapping[str, Any], parameters: Parameters) -> tuple[dict[str, Any], list[str]]:
    """A guest without the settings that its API would never have taken, and what was wrong with them.

    One value that cannot be read would break every list that the guest is in.
    """
    config = guest.get("config")
    if not isinstance(config, Mapping):
        return dict(guest), []
    known = {key: str(value) for key, value in config.items() if key in parameters.indexes}
    wrong = {key: text for key, text in parameters.check(known).items() if key in known}
    kept = {key: value for key, value in config.items() if key not in wrong}
    told = [f"guest {guest['vmid']}: {key}: {text.strip()}" for key, text in wrong.items()]
    return {**guest, "config": kept}, told


def _lines(error: ValidationError) -> list[str]:
    """A line per mistake; the branches of "an object or its name" that do not fit are not told."""
    lines = []
    for item in error.errors(include_url=False):
        steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in item["loc"] if not _is_branch(step)]
        place = "".join(steps).lstrip(".")
        text = {"extra_forbidden": "there is no such key", "missing": "is missing"}.get(item["type"], item["msg"])
        if not (item["type"] in ("string_type", "model_type") and len(error.errors()) > 1):
            lines.append(f"  {place}: {text.removeprefix('Value error, ')}")
    return list(dict.fromkeys(lines))


def _is_branch(step: int | str) -> bool:
    return isinstance(step, str) and (step.startswith("_") or "[" in step or step == "str")
