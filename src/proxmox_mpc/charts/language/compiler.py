"""Nodes to Python closures. What is compiled once is executed many times, without looking at a node again.

An expression becomes `value(state, variables, dot)`; a statement becomes `run(state, variables, dot, write)`, which
returns None, or BREAK or CONTINUE on its way out of a `range`. Errors are Go's (text/template/exec.go, Go 1.26), also
in which node they name: Go remembers the node that it evaluated last, which `Expression.last` foresees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from proxmox_mpc.charts.language import nodes
from proxmox_mpc.charts.language.expressions import Expressions
from proxmox_mpc.charts.language.function import Function, TooMuch
from proxmox_mpc.charts.language.go_types import Map, Slice, StringMap
from proxmox_mpc.charts.language.nodes import Node, Tree
from proxmox_mpc.charts.language.printing import sorted_keys, text_of
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.language.state import State, fail, spent

Write = Callable[[str], None]
Run = Callable[[State, list[Any], Any, Write], int | None]

BREAK, CONTINUE = 1, 2

# What Go prints for a value that is not there; Helm takes it out of the whole result.
NO_VALUE = "<no value>"


class Placed(str):
    """A piece of output that knows the node which wrote it."""

    node: Node
    tree: Tree

    @staticmethod
    def like(other: Placed | str, text: str) -> str:
        """Another text in a piece's place."""
        piece = Placed(text)
        if isinstance(other, Placed):
            piece.node, piece.tree = other.node, other.tree
        return piece


def compile_tree(tree: Tree, functions: Mapping[str, Function], *, placed: bool = False) -> Run:
    """A template as one function; with `placed` every piece that it writes is a Placed."""
    return _Statements(tree, functions, placed).block(tree.root, False)


class _Statements:
    def __init__(self, tree: Tree, functions: Mapping[str, Function], placed: bool) -> None:
        self.tree, self.placed = tree, placed
        self.expressions = Expressions(tree, functions)

    def block(self, block: nodes.Block, ranged_dot: bool) -> Run:
        """A list of statements; `ranged_dot` says that the dot is an element of a range, as it stands."""
        steps = [self.statement(node, ranged_dot) for node in block.nodes]
        if not steps:
            return _nothing
        if len(steps) == 1:
            return steps[0]

        def run(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            for step in steps:
                left = step(state, variables, dot, write)
                if left is not None:
                    return left
            return None

        return run

    def statement(self, node: Node, ranged_dot: bool) -> Run:
        if isinstance(node, nodes.Text):
            return self.text(node)
        if isinstance(node, nodes.Action):
            return self.action(node, ranged_dot)
        if isinstance(node, nodes.Branch):
            if node.word == "range":
                return self.range(node, ranged_dot)
            return self.condition(node, ranged_dot)
        if isinstance(node, nodes.TemplateCall):
            return self.template(node, ranged_dot)
        assert isinstance(node, nodes.Word)
        signal = BREAK if node.word == "break" else CONTINUE
        return lambda state, variables, dot, write: signal

    def text(self, node: nodes.Text) -> Run:
        text = self.piece(node.text, node) if self.placed else node.text

        def run(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            write(text)
            return None

        return run

    def piece(self, text: str, node: Node) -> str:
        piece = Placed(text)
        piece.node, piece.tree = node, self.tree
        return piece

    def action(self, node: nodes.Action, ranged_dot: bool) -> Run:
        value = self.expressions.pipe(node.pipe, ranged_dot).value
        if node.pipe.declared:

            def declare(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
                value(state, variables, dot)
                return None

            return declare
        if self.placed:

            def place(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
                result = value(state, variables, dot)
                write(self.piece(_printed(result), node))
                return None

            return place

        def run(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            result = value(state, variables, dot)
            if type(result) is str:
                write(result)
            else:
                write(_printed(result))
            return None

        return run

    def condition(self, node: nodes.Branch, ranged_dot: bool) -> Run:
        value = self.expressions.pipe(node.pipe, ranged_dot).value
        rebinds = node.word == "with"
        body = self.block(node.body, False if rebinds else ranged_dot)
        otherwise = None if node.otherwise is None else self.block(node.otherwise, ranged_dot)

        def run_if(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            if value(state, variables, dot):
                return body(state, variables, dot, write)
            return None if otherwise is None else otherwise(state, variables, dot, write)

        def run_with(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            result = value(state, variables, dot)
            if result:
                return body(state, variables, result, write)
            return None if otherwise is None else otherwise(state, variables, dot, write)

        return run_with if rebinds else run_if

    def range(self, node: nodes.Branch, ranged_dot: bool) -> Run:
        pipe, tree = node.pipe, self.tree
        over = self.expressions.pipe(pipe, ranged_dot, declares=False)
        value, last = over.value, over.last
        body = self.block(node.body, True)
        # Elements of a []string or the numbers of a count stand in no interface, which errors tell; this is rare.
        concrete_body = cache(lambda: self.block(node.body, False))
        otherwise = None if node.otherwise is None else self.block(node.otherwise, ranged_dot)
        slots = [variable.slot for variable in pipe.declared]
        key_slot = slots[0] if len(slots) == 2 else None
        value_slot = slots[-1] if slots else None
        names = [variable.names[0] for variable in pipe.declared]

        def run(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            items = value(state, variables, dot)
            pairs = _pairs(items)
            if pairs is None:
                fail(state, tree, last, f"range can't iterate over {text_of(items)}")
            if key_slot is not None and isinstance(items, int):
                fail(state, tree, last, f"can't use {text_of(items)} to iterate over more than one variable")
            empty = True
            inner = concrete_body() if isinstance(items, int | Slice | StringMap) else body
            for key, item in pairs:
                empty = False
                state.left -= 1
                if state.left < 0:
                    _checked(state, tree, last)
                if value_slot is not None:
                    if value_slot < 0:
                        fail(state, tree, last, f"undefined variable: {names[-1]}")
                    variables[value_slot] = item
                    if key_slot is not None:
                        variables[key_slot] = key
                signal = inner(state, variables, item, write)
                if signal == BREAK:
                    break
            if empty and otherwise is not None:
                return otherwise(state, variables, dot, write)
            return None

        return run

    def template(self, node: nodes.TemplateCall, ranged_dot: bool) -> Run:
        tree, name = self.tree, node.name
        value = None if node.pipe is None else self.expressions.pipe(node.pipe, ranged_dot).value

        def run(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            template = state.templates.get(name)
            if template is None:
                fail(state, tree, node, f"template {quote(name)} not defined")
            if state.depth >= state.budget.depth:
                fail(state, tree, node, f"exceeded maximum template depth ({state.budget.depth})")
            argument = None if value is None else value(state, variables, dot)
            state.left -= 1
            if state.left < 0:
                _checked(state, tree, node)
            state.depth += 1
            template.run(state, argument, write)
            state.depth -= 1
            return None

        return run


def _checked(state: State, tree: Tree, node: Node) -> None:
    try:
        state.check()
    except TooMuch as error:
        spent(state, tree, node, error)


def _printed(result: Any) -> str:
    """A value as an action prints it. Go can take the address of some structs there: they have a String method then."""
    if result is None:
        return NO_VALUE
    printed: str | None = getattr(result, "printed", None)
    return text_of(result) if printed is None else printed


def _nothing(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
    return None


def _pairs(items: Any) -> Any:
    """What a range goes over as (key, value) pairs, or None when it cannot."""
    kind = type(items)
    if kind is list:
        return enumerate(items)
    if kind is dict:
        return [(key, items[key]) for key in sorted_keys(items)]
    if items is None:
        return ()
    if isinstance(items, bool | float | str):
        return None
    if isinstance(items, int):
        # Each integer has the type of the number that is counted to.
        return ((number, number) for number in range(items)) if kind is int else _sized(items)
    if isinstance(items, Map):
        return [(key, items[key]) for key in sorted_keys(items)]
    if isinstance(items, list | bytes):
        return enumerate(items)
    return None


def _sized(count: int) -> Any:
    made = type(count)
    return ((made(number), made(number)) for number in range(count))
