"""Which backups are kept: PVE's rules by number and by period, as its documentation on retention states them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from proxmox_mpc.simulator.state.storage import Volume

# Rule → the period that a backup counts for; `keep-last` counts every backup by itself. In this order they are applied,
# and a later rule does not count periods in which an earlier one kept something.
_PERIODS = {
    "keep-last": "",
    "keep-hourly": "%Y-%m-%d %H",
    "keep-daily": "%Y-%m-%d",
    "keep-weekly": "%G-W%V",
    "keep-monthly": "%Y-%m",
    "keep-yearly": "%Y",
}

_REGULAR = re.compile(r"backup/vzdump-(qemu|lxc|openvz)-(\d+)-(\d{4}_\d\d_\d\d-\d\d_\d\d_\d\d)\.")


def rules(text: str) -> dict[str, int]:
    """`keep-last=3,keep-daily=7` → numbers by rule, those that keep something. Nothing means: all are kept."""
    pairs = (part.partition("=") for part in text.split(",") if part)
    found = {key: int(value) for key, _, value in pairs if value.isdecimal()}
    return {} if found.get("keep-all") else {k: v for k, v in found.items() if k in _PERIODS and v}


def show(keep: Mapping[str, int]) -> str:
    return ", ".join(f"{rule}={keep[rule]}" for rule in _PERIODS if rule in keep)


def kind_of(volume: Volume) -> str:
    return "lxc" if "-lxc-" in volume.name else "qemu"


def taken_at(volume: Volume) -> float:
    """When a backup was made: its name says so, whenever the file got here."""
    if found := _REGULAR.match(volume.name):
        try:
            return datetime.strptime(found[3], "%Y_%m_%d-%H_%M_%S").replace(tzinfo=UTC).timestamp()
        except ValueError:
            pass
    return volume.created


def kept(moments: Sequence[float], keep: Mapping[str, int]) -> set[int]:
    """Places of the backups that the rules keep, given when each was made."""
    if not keep:
        return set(range(len(moments)))
    newest_first = sorted(range(len(moments)), key=lambda i: (moments[i], i), reverse=True)
    chosen: set[int] = set()
    for rule, shape in _PERIODS.items():
        period = {i: datetime.fromtimestamp(moments[i], UTC).strftime(shape) if shape else str(i) for i in newest_first}
        covered, left = {period[i] for i in chosen}, keep.get(rule, 0)
        for place in newest_first:
            if left and place not in chosen and period[place] not in covered:
                covered.add(period[place])
                chosen.add(place)
                left -= 1
    return chosen


def marks(volumes: Iterable[Volume], keep: Mapping[str, int]) -> list[tuple[Volume, str]]:
    """Each backup with keep, remove, protected or renamed. Guests are judged one by one, by number and kind."""
    groups: dict[tuple[Any, str], list[Volume]] = {}
    found: list[tuple[Volume, str]] = []
    for volume in volumes:
        if volume.protected:
            found.append((volume, "protected"))
        elif not _REGULAR.match(volume.name):
            found.append((volume, "renamed"))
        else:
            groups.setdefault((volume.vmid, kind_of(volume)), []).append(volume)
    for group in groups.values():
        chosen = kept([taken_at(volume) for volume in group], keep)
        found += [(volume, "keep" if i in chosen else "remove") for i, volume in enumerate(group)]
    return sorted(found, key=lambda pair: pair[0].name)
