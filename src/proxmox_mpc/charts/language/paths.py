"""`.a.b`, `$x.a.b` and `(pipeline).a.b` as closures, and methods with arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from proxmox_mpc.charts.language import nodes
from proxmox_mpc.charts.language.arguments import Refused, assign, constant
from proxmox_mpc.charts.language.expression import Expression, Value
from proxmox_mpc.charts.language.fields import MethodFailed, NoField, called, counted, field_of, method_of
from proxmox_mpc.charts.language.function import Function, GoError
from proxmox_mpc.charts.language.go_types import Values
from proxmox_mpc.charts.language.nodes import Node, Tree
from proxmox_mpc.charts.language.state import State, fail

Operand = Callable[[Node, bool], Expression]


def failing(tree: Tree, node: Node, message: str, after: Expression | None = None) -> Expression:
    """An expression that cannot be evaluated: an error when, and only when, it is reached."""

    def value(state: State, variables: list[Any], dot: Any) -> Any:
        if after is not None:
            after.value(state, variables, dot)
        fail(state, tree, node, message)

    return Expression(value, node)


class Paths:
    """Compiles paths of a template; `operand` compiles what stands before or behind them."""

    def __init__(self, tree: Tree, operand: Operand) -> None:
        self.tree, self.operand = tree, operand

    def fields(self, node: Node, ranged_dot: bool, arguments: list[Node], final: Expression | None) -> Expression:
        receiver: Expression
        if isinstance(node, nodes.Field):
            names = node.names
            receiver = Expression(lambda state, variables, dot: dot, node, ranged_dot)
        elif isinstance(node, nodes.Variable):
            names = node.names[1:]
            receiver = self.variable(node)
            if not names:
                if arguments or final is not None:
                    return failing(self.tree, node, f"can't give argument to non-function {node}", final)
                return receiver
        else:
            assert isinstance(node, nodes.Chain)
            names = node.names
            if isinstance(node.inner, nodes.Nil):
                return failing(self.tree, node, f"indirection through explicit nil in {node}")
            receiver = self.operand(node.inner, ranged_dot)
        if arguments or final is not None:
            return self.method(node, receiver, names, arguments, ranged_dot, final)
        if isinstance(node, nodes.Field):
            return Expression(
                self.path_of_dot(node, names, ranged_dot), node, True, None if ranged_dot else receiver.value
            )
        origin = None if receiver.interface else receiver.value
        return Expression(self.path(receiver, names), receiver.last, True, origin)

    def variable(self, node: nodes.Variable) -> Expression:
        tree, slot = self.tree, node.slot
        if slot < 0:
            name = node.names[0]
            return failing(self.tree, node, f"undefined variable: {name}")
        return Expression(lambda state, variables, dot: variables[slot], node, slot in tree.ranged)

    def path_of_dot(self, node: Node, names: list[str], ranged_dot: bool) -> Value:
        """Fields of the dot: by far the most frequent expression."""
        slow = self.walk(node, names, ranged_dot)
        first, rest = names[0], names[1:]
        plain = _plain(names)

        def one(state: State, variables: list[Any], dot: Any) -> Any:
            if type(dot) in plain and first in dot:
                return dot[first]
            return slow(state, dot)

        def many(state: State, variables: list[Any], dot: Any) -> Any:
            value = dot
            for name in names:
                if type(value) in plain and name in value:
                    value = value[name]
                else:
                    return slow(state, dot)
            return value

        return many if rest else one

    def path(self, receiver: Expression, names: list[str]) -> Value:
        slow = self.walk(receiver.last, names, receiver.interface)
        start, plain = receiver.value, _plain(names)

        def value(state: State, variables: list[Any], dot: Any) -> Any:
            found = origin = start(state, variables, dot)
            for name in names:
                if type(found) in plain and name in found:
                    found = found[name]
                else:
                    return slow(state, origin)
            return found

        return value

    def walk(self, node: Node, names: list[str], interface: bool) -> Callable[[State, Any], Any]:
        """Field after field with all of Go's rules."""
        tree = self.tree

        def walk(state: State, receiver: Any) -> Any:
            held = interface
            try:
                for name in names:
                    receiver, held = field_of(receiver, name, held)
            except NoField as missing:
                fail(state, tree, node, str(missing))
            except MethodFailed as failed:
                cause = failed.__cause__
                assert isinstance(cause, GoError)
                fail(state, tree, node, f"error calling {name}: {cause}", cause)
            return receiver

        return walk

    def method(
        self,
        node: Node,
        receiver: Expression,
        names: list[str],
        arguments: list[Node],
        ranged_dot: bool,
        final: Expression | None,
    ) -> Expression:
        """A method with arguments. Which one it is, and so of which types they must be, is known when it is called."""
        tree, last_name, inner = self.tree, names[-1], names[:-1]
        walk = self.walk(receiver.last, inner, receiver.interface)
        held = receiver.interface if not inner else True
        compiled = [self.operand(each, ranged_dot) for each in arguments]

        def argument(state: State, variables: list[Any], dot: Any, number: int, go_type: str) -> Any:
            node, operand = arguments[number], compiled[number]
            try:
                if isinstance(node, nodes.String | nodes.Number | nodes.Bool | nodes.Nil):
                    return constant(node, go_type)
                return assign(operand.value(state, variables, dot), go_type, operand.interface)
            except Refused as refused:
                fail(state, tree, operand.last, str(refused))

        def value(state: State, variables: list[Any], dot: Any) -> Any:
            piped = [] if final is None else [final.value(state, variables, dot)]
            found = walk(state, receiver.value(state, variables, dot))
            try:
                method = method_of(found, last_name)
                if method is None:
                    return field_of(found, last_name, held, True)[0]
                counted(method, len(arguments) + len(piped))
                types = argument_types(method, len(arguments) + len(piped))
                given = [argument(state, variables, dot, number, types[number]) for number in range(len(arguments))]
                return called(method, found, given + [assign(each, types[-1], False) for each in piped])
            except Refused as refused:
                fail(state, tree, receiver.last, str(refused))
            except NoField as missing:
                fail(state, tree, receiver.last, str(missing))
            except MethodFailed as failed:
                cause = failed.__cause__
                assert isinstance(cause, GoError)
                fail(state, tree, node, f"error calling {last_name}: {cause}", cause)

        return Expression(value, compiled[-1].last if compiled else receiver.last)


# The methods of Helm's common.Values, which come before keys of the same names.
_METHODS = frozenset({"AsMap", "Encode", "PathValue", "Table", "YAML"})


def _plain(names: list[str]) -> frozenset[Any]:
    """The types in which these names are nothing but keys."""
    kinds: list[Any] = [dict] if _METHODS.intersection(names) else [dict, Values]
    return frozenset(kinds)


def argument_types(function: Function, given: int) -> list[str]:
    """The type of each argument."""
    types = list(function.parameters)
    if not function.variadic:
        return types
    return (types[:-1] + [types[-1]] * given)[:given]
