"""Faults on demand: the next requests that match are refused, dropped or slowed down."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxmox_mpc.simulator.state.cluster import Cluster


@dataclass
class Fault:
    """One rule. `times` counts down; a negative number never ends. `status` 0 drops the connection after `delay_s`."""

    method: re.Pattern[str]
    path: re.Pattern[str]
    times: int
    status: int | None = None
    reason: str = ""
    delay_s: float = 0.0


class Faults:
    """The rules, asked in the order they were added; the first that matches is used up once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._rules: list[Fault] = []

    def answer(self, status: int, reason: str = "", *, method: str = ".*", path: str = ".*", times: int = 1) -> None:
        """Answer the next `times` matching requests with this status and reason instead of doing them."""
        self._add(method, path, times, status=status, reason=reason)

    def drop(self, *, method: str = ".*", path: str = ".*", times: int = 1, after_s: float = 0.0) -> None:
        """Close the connection of the next matching requests without an answer."""
        self._add(method, path, times, status=0, delay_s=after_s)

    def delay(self, seconds: float, *, method: str = ".*", path: str = ".*", times: int = 1) -> None:
        """Do the next matching requests, but late (real seconds)."""
        self._add(method, path, times, delay_s=seconds)

    def node_down(self, name: str) -> None:
        """Switch a node off: its guests stop, requests to it answer 595."""
        self._cluster.nodes[name].online = False
        for guest in self._cluster.guests.values():
            if guest.node == name:
                guest.run = None

    def node_up(self, name: str) -> None:
        """Switch a node on again; its guests stay off."""
        self._cluster.nodes[name].online = True

    def clear(self) -> None:
        self._rules.clear()

    def _add(self, method: str, path: str, times: int, **what: object) -> None:
        self._rules.append(Fault(re.compile(method), re.compile(path), times, **what))  # type: ignore[arg-type]

    def take(self, method: str, path: str) -> Fault | None:
        """The rule for this request, if any; `path` is below /api2/json."""
        for rule in self._rules:
            if rule.times and rule.method.fullmatch(method) and rule.path.search(path):
                rule.times -= 1
                if not rule.times:
                    self._rules.remove(rule)
                return rule
        return None
