"""Faults on demand: requests refused, dropped or slowed down, nodes and storages that fail, credentials that end.

The public methods of `Faults` are the faults; `--fault` and the control endpoint call them by their names.
"""

from __future__ import annotations

import random
import re
import secrets
from dataclasses import dataclass, field

from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.task import Task


@dataclass
class Fault:
    """One rule. `times` counts down; a negative number never ends. `status` 0 drops the connection after `delay_s`.

    One that is `done` is carried out, and only its answer is lost.
    """

    method: re.Pattern[str]
    path: re.Pattern[str]
    times: int
    status: int | None = None
    reason: str = ""
    delay_s: float = 0.0
    done: bool = False
    probability: float = 1.0
    random: random.Random = field(default_factory=random.Random)


@dataclass
class TaskFault:
    """One rule for tasks: those of a type and id end with the error."""

    type: re.Pattern[str]
    id: re.Pattern[str]
    error: str
    times: int


class Faults:
    """The rules, asked in the order they were added; the first that matches is used up once."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._rules: list[Fault] = []
        self._task_rules: list[TaskFault] = []
        cluster.task_fault = self._take_task

    # --- requests -------------------------------------------------------------------------------

    def answer(self, status: int, reason: str = "", *, method: str = ".*", path: str = ".*", times: int = 1) -> None:
        """Answer the next `times` matching requests with this status and reason instead of doing them."""
        self._add(method, path, times, status=status, reason=reason)

    def drop(
        self, *, method: str = ".*", path: str = ".*", times: int = 1, after_s: float = 0.0, done: bool = False
    ) -> None:
        """Close the connection of the next matching requests without an answer; `done` carries them out before."""
        self._add(method, path, times, status=0, delay_s=after_s, done=done)

    def delay(self, seconds: float, *, method: str = ".*", path: str = ".*", times: int = 1) -> None:
        """Do the next matching requests, but late (real seconds)."""
        self._add(method, path, times, delay_s=seconds)

    def flaky(self, probability: float, *, seed: int = 0, method: str = ".*", path: str = ".*") -> None:
        """Drop each matching request with this probability, from now on; the same seed drops the same ones."""
        dice = random.Random(seed)  # noqa: S311 dice, not secrets
        self._add(method, path, -1, status=0, probability=probability, random=dice)

    # --- tasks and guests -----------------------------------------------------------------------

    def fail_task(self, type: str, error: str, *, id: str = ".*", times: int = 1) -> None:
        """End the next tasks of a type (a pattern: `qmstart`) with this error, as soon as they do something."""
        self._task_rules.append(TaskFault(re.compile(type), re.compile(id), error, times))

    def lock_guest(self, vmid: int, lock: str = "backup") -> None:
        """Leave a lock on a guest, as an interrupted task does."""
        self._cluster.guests[vmid].live["lock"] = lock

    def unlock_guest(self, vmid: int) -> None:
        """Take a guest's lock away."""
        self._cluster.guests[vmid].live.pop("lock", None)

    # --- nodes, cluster and storages ------------------------------------------------------------

    def node_down(self, name: str) -> None:
        """Switch a node off: its guests and tasks stop, requests to it answer 595, HA recovers what it manages."""
        self._cluster.switch_off(name)

    def node_up(self, name: str) -> None:
        """Switch a node on again; of its guests those start that are to start with it."""
        self._cluster.switch_on(name)

    def quorum_lost(self, lost: bool = True) -> None:
        """Refuse changes with `cluster not ready - no quorum?`; also so when half of the nodes are down."""
        self._cluster.has_lost_quorum = lost
        self._cluster.note_change()

    def storage_full(self, name: str, full: bool = True) -> None:
        """Leave no room on a storage."""
        self._cluster.storage(name)
        (self._cluster.full_storages.add if full else self._cluster.full_storages.discard)(name)

    def resources_lag(self, seconds: float) -> None:
        """Let /cluster/resources learn of new guests this late."""
        self._cluster.resources_lag_s = seconds

    # --- credentials ----------------------------------------------------------------------------

    def expire_tickets(self) -> None:
        """End all tickets that were given out."""
        self._cluster.secret = secrets.token_hex(32)

    def revoke_token(self, token: str) -> None:
        """Remove an API token (`user@realm!name`)."""
        owner, _, name = token.partition("!")
        del self._cluster.access.users[owner].tokens[name]

    def clear(self) -> None:
        """End all faults but locks and lost credentials: rules go, nodes come back, quorum and room too."""
        self._rules.clear()
        self._task_rules.clear()
        self._cluster.has_lost_quorum = False
        self._cluster.full_storages.clear()
        self._cluster.resources_lag_s = 0.0
        for name in self._cluster.nodes:
            self._cluster.switch_on(name)

    # --- what holds, and asking -----------------------------------------------------------------

    def describe(self) -> list[dict[str, object]]:
        """The faults that hold now."""
        cluster, found = self._cluster, list[dict[str, object]]()
        for rule in self._rules:
            what = {"status": rule.status, "delay_s": rule.delay_s, "probability": rule.probability}
            found.append({"method": rule.method.pattern, "path": rule.path.pattern, "times": rule.times, **what})
        for task in self._task_rules:
            found.append({"task": task.type.pattern, "id": task.id.pattern, "error": task.error, "times": task.times})
        found += [{"node_down": node.name} for node in cluster.nodes.values() if not node.online]
        found += [] if cluster.is_quorate else [{"quorum_lost": True}]
        found += [{"storage_full": name} for name in sorted(cluster.full_storages)]
        return found

    def _add(self, method: str, path: str, times: int, **what: object) -> None:
        self._rules.append(Fault(re.compile(method), re.compile(path), times, **what))  # type: ignore[arg-type]

    def take(self, method: str, path: str) -> Fault | None:
        """The rule for this request, if any; `path` is below /api2/json."""
        for rule in self._rules:
            if rule.times and rule.method.fullmatch(method) and rule.path.search(path):
                if rule.probability < 1 and rule.random.random() >= rule.probability:
                    continue
                rule.times -= 1
                if not rule.times:
                    self._rules.remove(rule)
                return rule
        return None

    def _take_task(self, task: Task) -> str | None:
        for rule in self._task_rules:
            if rule.type.fullmatch(task.type) and rule.id.fullmatch(task.id):
                rule.times -= 1
                if not rule.times:
                    self._task_rules.remove(rule)
                return rule.error
        return None
