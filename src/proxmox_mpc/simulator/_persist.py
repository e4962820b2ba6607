"""Keeps a cluster in a JSON file, written so that a crash leaves the old file or the new one."""

from __future__ import annotations

import dataclasses
import json
import os
import types
import typing
from pathlib import Path
from typing import Any, TypeVar

from proxmox_mpc.simulator.state.cluster import Cluster

_Made = TypeVar("_Made")


def write(path: Path, cluster: Cluster) -> None:
    """Save everything but running tasks."""
    text = json.dumps(dataclasses.asdict(cluster), separators=(",", ":"))
    beside = path.with_name(f"{path.name}.tmp")
    beside.touch(mode=0o600)
    beside.write_text(text)
    os.replace(beside, path)


def open_file(path: Path) -> Cluster | None:
    """The cluster that a file keeps, or None where the file is yet to be made.

    Raises ValueError for a file that is none of ours, which is left as it is, and where none could be written.
    """
    if not path.parent.is_dir():
        raise ValueError(f"--persist {path}: there is no directory {path.parent}")
    if not path.exists():
        return None
    try:
        found = read(path)
    except (ValueError, TypeError, AttributeError, KeyError):
        raise ValueError(
            f"--persist {path}: this file does not keep a simulated cluster; it is left as it is"
        ) from None
    if not found.nodes:
        raise ValueError(f"--persist {path}: this file does not keep a simulated cluster; it is left as it is")
    return found


def read(path: Path) -> Cluster:
    """Load what `write` saved. Tasks that ran then count as interrupted."""
    cluster = _make(Cluster, json.loads(path.read_text()))
    for task in cluster.tasks.values():
        if task.status is None:
            task.status, task.endtime = "unexpected status", int(cluster.now())
    for guest in cluster.guests.values():
        guest.live.pop("lock", None)
    for node in cluster.nodes.values():
        if node.leaving == "reboot" and not node.online:
            node.online = node.is_fresh = True
        node.leaving = ""
    return cluster


def _make(kind: type[_Made], values: dict[str, Any]) -> _Made:
    hints = typing.get_type_hints(kind)
    known = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(**{k: _value(hints[k], v) for k, v in values.items() if k in known})


def _value(hint: Any, value: Any) -> Any:
    """Rebuild dataclasses below dicts, lists and optionals; JSON's text keys become numbers where the hint says so."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return _make(hint, value)
    if origin in (typing.Union, types.UnionType):
        inner = next((a for a in arguments if a is not type(None)), None)
        return None if value is None else _value(inner, value)
    if origin is dict:
        key, item = arguments
        return {(int(k) if key is int else k): _value(item, v) for k, v in value.items()}
    if origin is list:
        return [_value(arguments[0], v) for v in value]
    return value
