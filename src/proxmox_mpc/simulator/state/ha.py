"""What the HA manager remembers: nodes, resources, and what it was asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field

# Of a node that its resources shall leave.
MAINTENANCE = "maintenance"

# Rounds of ten seconds after which a node that is gone is to be fenced, and is surely off: about two minutes in all,
# as long as its watchdog and the lock of its agent last (PVE::HA::NodeStatus, 9.1).
FENCE_AFTER, FENCED_AFTER = 6, 12

# States in which nothing is under way.
REST_STATES = frozenset({"started", "stopped", "request_start", "request_stop"})


@dataclass
class Service:
    """One HA resource as the manager keeps it.

    `state` is one of request_start, started, request_stop, stopped, migrate, relocate, freeze, fence, recovery and
    error. `task` is the UPID of what its node does about it right now; `restarts` counts failed starts on this node,
    and `failed_nodes` the nodes that were given up; `unreachable` is where it could not be moved. `timeout_s` is what a
    stop leaves the guest for its shutdown; `home` the node that it left for its maintenance.
    """

    node: str
    state: str
    uid: str = ""
    target: str = ""
    task: str = ""
    restarts: int = 0
    failed_nodes: list[str] = field(default_factory=list)
    unreachable: str = ""
    home: str = ""
    timeout_s: int | None = None


@dataclass
class Request:
    """Somebody's command to the manager: `migrate` or `relocate` to a node, or `stop`."""

    command: str
    node: str = ""
    timeout_s: int | None = None


@dataclass
class Ha:
    """The manager's status.

    `unseen` counts the rounds since a node was last there; `nodes` says what the manager makes of each. `requests` wait
    for the next round, one per resource. `disarmed` is the way in which HA was disarmed (freeze, ignore).
    """

    master: str = ""
    nodes: dict[str, str] = field(default_factory=dict)
    unseen: dict[str, int] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    disarmed: str = ""

    def give_up(self, node: str) -> None:
        """A node went down in good order, so nobody has to wait until it is surely off."""
        self.unseen[node] = FENCED_AFTER
