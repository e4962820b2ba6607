"""A set of templates: parsed, compiled when first used, executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.charts.language.compiler import Run, Write, compile_tree
from proxmox_mpc.charts.language.function import Function
from proxmox_mpc.charts.language.nodes import Tree, Unit
from proxmox_mpc.charts.language.parser import parse
from proxmox_mpc.charts.language.state import Output, State


class Template:
    """One named template, compiled when it is first executed."""

    __slots__ = ("_functions", "_placed", "_run", "tree")

    def __init__(self, tree: Tree, functions: Mapping[str, Function], *, placed: bool = False) -> None:
        self.tree, self._functions, self._placed = tree, functions, placed
        self._run: Run | None = None

    def run(self, state: State, dot: Any, write: Write) -> None:
        """Execute it on a dot."""
        run = self._run
        if run is None:
            run = self._run = compile_tree(self.tree, self._functions, placed=self._placed)
        variables = [None] * self.tree.slots
        variables[0] = dot
        run(state, variables, dot, write)

    def text(self, state: State, dot: Any) -> str:
        """What it writes on a dot."""
        return "".join(self.pieces(state, dot))

    def pieces(self, state: State, dot: Any) -> Output:
        """What it writes, piece by piece."""
        output = Output()
        state.outputs.append(output)
        try:
            self.run(state, dot, output.append)
            state.left -= 1
            if state.left < 0:
                state.check()
        finally:
            state.outputs.pop()
        return output


def templates_of(
    name: str, source: str, functions: Mapping[str, Function], *, placed: bool = False
) -> dict[str, Template]:
    """All templates that a text defines, itself under the empty name; raises ParseError, which calls it `name`."""
    trees = parse(name, source, functions)
    return {each: Template(tree, functions, placed=placed) for each, tree in trees.items()}


def add(known: dict[str, Template], files: dict[Unit, str], new: Mapping[str, Template], name: str) -> None:
    """Add a file's templates to a set: a later one takes an earlier one's place, unless it is empty."""
    files[new[""].tree.unit] = name
    for each, template in new.items():
        each = each or name
        if each not in known or not template.tree.is_empty:
            known[each] = template
