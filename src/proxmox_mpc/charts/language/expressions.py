"""Pipelines, commands, operands and calls as closures: `value(state, variables, dot)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from proxmox_mpc.charts.language import nodes
from proxmox_mpc.charts.language.arguments import UNCHECKED, Refused, assign, constant, ideal
from proxmox_mpc.charts.language.builtins import length
from proxmox_mpc.charts.language.expression import Expression, Value
from proxmox_mpc.charts.language.function import Function, GoError, TooMuch, weighed
from proxmox_mpc.charts.language.nodes import Node, Tree
from proxmox_mpc.charts.language.paths import Paths, argument_types, failing
from proxmox_mpc.charts.language.state import State, fail, spent

Fit = Callable[[Any, State, list[Any], Any], Any]

# Functions that take milliseconds to seconds: the clock is read before each call.
COSTLY = frozenset(
    "bcrypt derivePassword genCA genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert "
    "genSignedCertWithKey htpasswd".split()
)


def _watched(function: Function) -> Callable[..., Any]:
    call, with_state = function.call, function.state

    def watched(state: State, *arguments: Any) -> Any:
        state.check()
        return call(state, *arguments) if with_state else call(*arguments)

    return watched


# `len` learns besides whether Go holds its argument in an interface {}.
LENGTH = Function("len", ("reflect.Value", "bool"), False, length)


def _held(operand: Expression) -> Value:
    return lambda state, variables, dot: operand.held(None, state, variables, dot)


class Expressions:
    """Compiles the expressions of a template. `ranged_dot` says that the dot is an element of a range, as it stands."""

    def __init__(self, tree: Tree, functions: Mapping[str, Function]) -> None:
        self.tree, self.functions = tree, functions
        self.paths = Paths(tree, self.operand)

    def pipe(self, pipe: nodes.Pipe, ranged_dot: bool, *, declares: bool = True) -> Expression:
        """A pipeline's value. Go takes it out of its interface, so nil is nothing from here on."""
        stage = self.command(pipe.commands[0], ranged_dot, None, pipe)
        for command in pipe.commands[1:]:
            stage = self.command(command, ranged_dot, Expression(stage.value, stage.last), pipe)
        value = stage.value
        if declares and pipe.declared:
            value = self.declaration(pipe, value, stage.last)
        return Expression(value, stage.last)

    def declaration(self, pipe: nodes.Pipe, value: Value, last: Node) -> Value:
        variable = pipe.declared[0]
        tree, slot = self.tree, variable.slot
        if slot < 0:
            name = variable.names[0]

            def unknown(state: State, variables: list[Any], dot: Any) -> Any:
                value(state, variables, dot)
                fail(state, tree, last, f"undefined variable: {name}")

            return unknown

        def assigned(state: State, variables: list[Any], dot: Any) -> Any:
            result = variables[slot] = value(state, variables, dot)
            return result

        return assigned

    def command(
        self, command: nodes.Command, ranged_dot: bool, final: Expression | None, pipe: nodes.Pipe
    ) -> Expression:
        first, arguments = command.arguments[0], command.arguments[1:]
        if isinstance(first, nodes.Identifier):
            return self.call(first, command, arguments, ranged_dot, final)
        if isinstance(first, nodes.Field | nodes.Variable | nodes.Chain):
            return self.paths.fields(first, ranged_dot, arguments, final)
        if arguments or final is not None:
            # Of a parenthesized pipeline Go has not looked at its node yet when it refuses arguments.
            at: Node = pipe if isinstance(first, nodes.Pipe) else first
            if isinstance(first, nodes.Pipe) and final is not None:
                at = final.last
            return failing(self.tree, at, f"can't give argument to non-function {first}", final)
        if isinstance(first, nodes.Pipe):
            return self.pipe(first, ranged_dot)
        if isinstance(first, nodes.Nil):
            return failing(self.tree, first, "nil is not a command")
        return self.operand(first, ranged_dot)

    def operand(self, node: Node, ranged_dot: bool) -> Expression:
        """An argument, or a command of one word, where any type may stand."""
        if isinstance(node, nodes.Field | nodes.Variable | nodes.Chain):
            return self.paths.fields(node, ranged_dot, [], None)
        if isinstance(node, nodes.Dot):
            return Expression(lambda state, variables, dot: dot, node, ranged_dot)
        if isinstance(node, nodes.Pipe):
            return self.pipe(node, ranged_dot)
        if isinstance(node, nodes.Identifier):
            return self.call(node, node, [], ranged_dot, None)
        try:
            result = ideal(node) if isinstance(node, nodes.Number) else constant(node, "interface {}")
        except Refused as refused:
            return failing(self.tree, node, str(refused))
        return Expression(lambda state, variables, dot: result, node)

    def call(
        self,
        name: nodes.Identifier,
        command: Node,
        arguments: list[Node],
        ranged_dot: bool,
        final: Expression | None,
    ) -> Expression:
        function = self.functions[name.name]
        given = len(arguments) + (final is not None)
        wanted = len(function.parameters)
        if function.variadic:
            if given < wanted - 1:
                message = f"want at least {wanted - 1} got {len(arguments)}"
                return failing(self.tree, name, f"wrong number of args for {name}: {message}", final)
        elif given != wanted:
            return failing(self.tree, name, f"wrong number of args for {name}: want {wanted} got {given}", final)
        if name.name in ("and", "or"):
            return self.short_circuit(name, arguments, ranged_dot, final)
        if name.name in COSTLY:
            function = replace(function, call=_watched(function), state=True)
        types = argument_types(function, given)
        compiled = [self.argument(node, go_type, ranged_dot) for node, go_type in zip(arguments, types, strict=False)]
        last = compiled[-1].last if compiled else name
        values = [each.value for each in compiled]
        if name.name == "len" and final is None:
            return Expression(self.called(LENGTH, command, [*values, _held(compiled[0])]), last)
        if final is None:
            return Expression(self.called(function, command, values), last)
        fit = None if types[-1] in UNCHECKED else self.fit(final, types[-1], last)
        return Expression(self.called(function, command, [final.value, *values], fit, piped=True), last)

    def argument(self, node: Node, go_type: str, ranged_dot: bool) -> Expression:
        if isinstance(node, nodes.String | nodes.Number | nodes.Bool | nodes.Nil):
            try:
                result = constant(node, go_type)
            except Refused as refused:
                return failing(self.tree, node, str(refused))
            return Expression(lambda state, variables, dot: result, node)
        operand = self.operand(node, ranged_dot)
        return self.checked(operand, go_type, operand.last)

    def checked(self, operand: Expression, go_type: str, at: Node) -> Expression:
        """An operand that must be of a type; what does not fit is an error at the node that Go looked at last."""
        if go_type in UNCHECKED:
            return operand
        inner, fit = operand.value, self.fit(operand, go_type, at)

        def text(state: State, variables: list[Any], dot: Any) -> Any:
            result = inner(state, variables, dot)
            return result if type(result) is str else fit(result, state, variables, dot)

        def any_type(state: State, variables: list[Any], dot: Any) -> Any:
            return fit(inner(state, variables, dot), state, variables, dot)

        return Expression(text if go_type == "string" else any_type, operand.last)

    def fit(self, operand: Expression, go_type: str, at: Node) -> Fit:
        """What makes an operand's result an argument of a type."""
        tree = self.tree

        def fit(result: Any, state: State, variables: list[Any], dot: Any) -> Any:
            try:
                return assign(result, go_type, operand.held(result, state, variables, dot))
            except Refused as refused:
                fail(state, tree, at, str(refused))

        return fit

    def called(
        self, function: Function, command: Node, values: list[Value], fit: Fit | None = None, *, piped: bool = False
    ) -> Value:
        """The call itself. What is piped in stands first, was evaluated first, and must `fit` after all others did."""
        call, state_first, name, tree = function.call, function.state, function.name, self.tree

        def failed(state: State, error: Exception) -> Any:
            if isinstance(error, TooMuch):
                spent(state, tree, command, error)
            if isinstance(error, GoError):
                fail(state, tree, command, f"error calling {name}: {error}", error)
            if isinstance(error, RecursionError | MemoryError):
                spent(state, tree, command, TooMuch("the templates nest deeper, or take more memory, than they may"))
            fail(state, tree, command, f"error calling {name}: {type(error).__name__}: {error}")

        if not state_first and not piped and len(values) == 1:
            (only,) = values

            def one(state: State, variables: list[Any], dot: Any) -> Any:
                argument = only(state, variables, dot)
                try:
                    return weighed(call(argument))
                except Exception as error:
                    return failed(state, error)

            return one
        if not state_first and not piped and len(values) == 2:
            left, right = values

            def two(state: State, variables: list[Any], dot: Any) -> Any:
                before = left(state, variables, dot)
                after = right(state, variables, dot)
                try:
                    return weighed(call(before, after))
                except Exception as error:
                    return failed(state, error)

            return two

        def many(state: State, variables: list[Any], dot: Any) -> Any:
            arguments = [value(state, variables, dot) for value in values]
            if piped:
                final = arguments.pop(0)
                arguments.append(final if fit is None else fit(final, state, variables, dot))
            try:
                return weighed(call(state, *arguments) if state_first else call(*arguments))
            except Exception as error:
                return failed(state, error)

        return many

    def short_circuit(
        self, name: nodes.Identifier, arguments: list[Node], ranged_dot: bool, final: Expression | None
    ) -> Expression:
        stops_at = name.name == "or"
        compiled = [self.argument(node, "reflect.Value", ranged_dot) for node in arguments]
        values = [each.value for each in compiled]

        def value(state: State, variables: list[Any], dot: Any) -> Any:
            piped = None if final is None else final.value(state, variables, dot)
            result = None
            for each in values:
                result = each(state, variables, dot)
                if bool(result) is stops_at:
                    return result
            return result if final is None else piped

        return Expression(value, compiled[-1].last if compiled else name)
