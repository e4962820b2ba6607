"""What one rendering carries along: its templates, its environment and what it may still spend."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn

from proxmox_mpc.charts.language.function import MAX_RESULT, Function, GoError, TooMuch
from proxmox_mpc.charts.language.nodes import Node, Tree, Unit
from proxmox_mpc.charts.language.quoting import quote

# How many iterations and calls pass between two looks at the clock: a look costs a microsecond, an iteration about one.
_STEPS = 1000


def _now() -> datetime:
    return datetime.now(UTC)


def _nothing(api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Environment:
    """What a template may learn of the world; nothing else reaches it."""

    now: Callable[[], datetime] = _now
    random: random.Random = field(default_factory=random.SystemRandom)
    lookup: Callable[[str, str, str, str], dict[str, Any]] = _nothing
    lenient: Callable[[str], None] | None = None
    """Where `required` and `fail` tell their messages instead of ending the rendering: Helm's lint mode."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one rendering may spend, so that a hostile chart cannot hang a server.

    Helm has no such limits; its own largest charts render in well under a second to about a megabyte.
    """

    seconds: float = 30.0
    output: int = 2 * MAX_RESULT
    depth: int = 3000


class ExecError(GoError):
    """A template that failed when it was executed; `str()` is Go's text.

    `file`, `line` (from 1) and `column` (bytes, from 0) are where; `cause` is the error of the function that failed,
    which is an ExecError itself when a template was included.
    """

    def __init__(self, file: str, tree: Tree, node: Node, message: str, cause: GoError | None = None) -> None:
        self.line, self.column = tree.place(node)
        self.file, self.message, self.cause = file, message, cause
        where = f"{file}:{self.line}:{self.column}"
        super().__init__(f"template: {where}: executing {quote(tree.name or file)} at <{node}>: {message}")


class Spent(ExecError, TooMuch):
    """A template that wanted too much, with its place."""


class Output(list[str]):
    """The pieces that one template has written; `counted` of them have been weighed."""

    __slots__ = ("counted",)

    def __init__(self) -> None:
        super().__init__()
        self.counted = 0


class State:
    """One rendering of a set of templates; `files` says where each text that was parsed stands."""

    __slots__ = (
        "budget",
        "deadline",
        "depth",
        "environment",
        "files",
        "functions",
        "included",
        "left",
        "outputs",
        "spent",
        "templates",
    )

    def __init__(
        self,
        templates: dict[str, Any],
        files: dict[Unit, str],
        functions: Mapping[str, Function],
        environment: Environment,
        budget: Budget,
    ) -> None:
        self.templates = templates
        self.files = files
        self.functions = functions
        self.environment = environment
        self.budget = budget
        self.deadline = time.monotonic() + budget.seconds
        self.left = _STEPS
        self.spent = 0
        self.depth = 0
        self.included: dict[str, int] = {}
        self.outputs: list[Output] = []

    def check(self) -> None:
        """Raise TooMuch when time or output are used up; called once in a while."""
        self.left = _STEPS
        for output in self.outputs:
            self.spent += sum(map(len, output[output.counted :]))
            output.counted = len(output)
        if self.spent > self.budget.output:
            raise TooMuch(f"the templates write more than {self.budget.output} characters")
        if time.monotonic() > self.deadline:
            raise TooMuch(f"the templates take longer than {self.budget.seconds:g} s")


def spent(state: State, tree: Tree, node: Node, error: TooMuch) -> NoReturn:
    """End the execution at a node, where more is wanted than a chart may have; the innermost node is told."""
    if isinstance(error, Spent):
        raise error
    raise Spent(state.files.get(tree.unit, ""), tree, node, str(error)) from error


def fail(state: State, tree: Tree, node: Node, message: str, cause: GoError | None = None) -> NoReturn:
    """End the execution at a node."""
    raise ExecError(state.files.get(tree.unit, ""), tree, node, message, cause)
