"""What PVE makes of one changed parameter of a running guest: the words in which each guest type's table is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxmox_mpc.kinds._field import Impact


@dataclass(frozen=True)
class Edit:
    """One parameter of a guest's config, before and after; None where it is not set.

    `config` is what the guest runs with now: without what waits for its next start.
    """

    key: str
    old: str | None
    new: str | None
    config: Mapping[str, str]


@dataclass(frozen=True)
class Verdict:
    """What a change costs, and what that is due to, where it is not the same for every guest."""

    impact: Impact
    reason: str = ""


Rule = Callable[[Edit], Verdict]
Rows = tuple[tuple[re.Pattern[str], Rule], ...]

SILENT = Verdict(Impact.NONE)
AT_ONCE = Verdict(Impact.HOTPLUG)
WAITS = Verdict(Impact.PENDING)
UNSEEN = Verdict(Impact.NONE, "is written at once, and taken up at the next start")
"""PVE writes it and lists nothing as pending, but nothing that runs looks at it."""


def rows(*pairs: tuple[str, Rule | Verdict]) -> Rows:
    """A table: patterns of parameters, and what becomes of them."""
    return tuple((re.compile(keys), rule if callable(rule) else _always(rule)) for keys, rule in pairs)


def _always(verdict: Verdict) -> Rule:
    return lambda edit: verdict


def verdict(table: Rows, edit: Edit) -> Verdict:
    """What a change of this parameter costs a guest that runs; what no row knows is read at its start."""
    if edit.old == edit.new:
        return SILENT
    return next((rule(edit) for keys, rule in table if keys.fullmatch(edit.key)), WAITS)


def waits(reason: str) -> Verdict:
    return Verdict(Impact.PENDING, reason)
