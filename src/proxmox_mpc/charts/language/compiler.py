"""Nodes to Python closures. What is compiled once is executed many times, without looking at a node again.

An expression becomes `value(state, variables, dot)`; a statement becomes `run(state, variables, dot, write)`, which
returns None, or BREAK or CONTINUE on its way out of a `range`. Errors are Go's (text/template/exec.go, Go 1.26), also
in which node they name: Go remembers the node that it evaluated last, which `Expression.last` foresees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from proxmox_mpc.charts.language import nodes
from proxmox_mpc.charts.language.arguments import UNCHECKED, Refused, assign, constant, ideal
from proxmox_mpc.charts.language.builtins import length_of_held
from proxmox_mpc.charts.language.fields import MethodFailed, NoField, called, counted, field_of, method_of
from proxmox_mpc.charts.language.function import Function, GoError, TooMuch
from proxmox_mpc.charts.language.go_types import Map, Slice, StringMap, Values
from proxmox_mpc.charts.language.nodes import Node, Tree
from proxmox_mpc.charts.language.printing import sorted_keys, text_of
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.language.state import State, fail

Value = Callable[[State, list[Any], Any], Any]
Write = Callable[[str], None]
Run = Callable[[State, list[Any], Any, Write], int | None]

BREAK, CONTINUE = 1, 2

# What Go prints for a value that is not there; Helm takes it out of the whole result.
NO_VALUE = "<no value>"


@dataclass(slots=True)
class Expression:
    """`last` is the node that Go has evaluated last when this succeeded; errors that follow name it.

    `interface` says that Go holds the value in an interface {}: it came out of a map or list, through no pipeline.
    """

    value: Value
    last: Node
    interface: bool = False


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
    return _Compiler(tree, functions, placed).block(tree.root, False)


class _Compiler:
    def __init__(self, tree: Tree, functions: Mapping[str, Function], placed: bool) -> None:
        self.tree, self.functions, self.placed = tree, functions, placed

    # -- statements

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
        value = self.pipe(node.pipe, ranged_dot).value
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
        value = self.pipe(node.pipe, ranged_dot).value
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
        over = self.pipe(pipe, ranged_dot, declares=False)
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
                    state.check()
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
        value = None if node.pipe is None else self.pipe(node.pipe, ranged_dot).value

        def run(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
            template = state.templates.get(name)
            if template is None:
                fail(state, tree, node, f"template {quote(name)} not defined")
            if state.depth >= state.budget.depth:
                fail(state, tree, node, f"exceeded maximum template depth ({state.budget.depth})")
            argument = None if value is None else value(state, variables, dot)
            state.left -= 1
            if state.left < 0:
                state.check()
            state.depth += 1
            template.run(state, argument, write)
            state.depth -= 1
            return None

        return run

    # -- expressions

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
            return self.fields(first, ranged_dot, arguments, final)
        if arguments or final is not None:
            # Of a parenthesized pipeline Go has not looked at its node yet when it refuses arguments.
            at: Node = pipe if isinstance(first, nodes.Pipe) else first
            if isinstance(first, nodes.Pipe) and final is not None:
                at = final.last
            return self.failing(at, f"can't give argument to non-function {first}", final)
        if isinstance(first, nodes.Pipe):
            return self.pipe(first, ranged_dot)
        if isinstance(first, nodes.Nil):
            return self.failing(first, "nil is not a command")
        return self.operand(first, ranged_dot)

    def failing(self, node: Node, message: str, after: Expression | None = None) -> Expression:
        """An expression that cannot be evaluated: an error when, and only when, it is reached."""
        tree = self.tree

        def value(state: State, variables: list[Any], dot: Any) -> Any:
            if after is not None:
                after.value(state, variables, dot)
            fail(state, tree, node, message)

        return Expression(value, node)

    def operand(self, node: Node, ranged_dot: bool) -> Expression:
        """An argument, or a command of one word, where any type may stand."""
        if isinstance(node, nodes.Field | nodes.Variable | nodes.Chain):
            return self.fields(node, ranged_dot, [], None)
        if isinstance(node, nodes.Dot):
            return Expression(lambda state, variables, dot: dot, node, ranged_dot)
        if isinstance(node, nodes.Pipe):
            return self.pipe(node, ranged_dot)
        if isinstance(node, nodes.Identifier):
            return self.call(node, node, [], ranged_dot, None)
        try:
            result = ideal(node) if isinstance(node, nodes.Number) else constant(node, "interface {}")
        except Refused as refused:
            return self.failing(node, str(refused))
        return Expression(lambda state, variables, dot: result, node)

    # -- fields

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
                    return self.failing(node, f"can't give argument to non-function {node}", final)
                return receiver
        else:
            assert isinstance(node, nodes.Chain)
            names = node.names
            if isinstance(node.inner, nodes.Nil):
                return self.failing(node, f"indirection through explicit nil in {node}")
            receiver = self.operand(node.inner, ranged_dot)
        if arguments or final is not None:
            return self.method(node, receiver, names, arguments, ranged_dot, final)
        if isinstance(node, nodes.Field):
            return Expression(self.path_of_dot(node, names, ranged_dot), node, True)
        return Expression(self.path(receiver, names), receiver.last, True)

    def variable(self, node: nodes.Variable) -> Expression:
        tree, slot = self.tree, node.slot
        if slot < 0:
            name = node.names[0]
            return self.failing(node, f"undefined variable: {name}")
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
                types = _types(method, len(arguments) + len(piped))
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

    # -- calls

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
                return self.failing(name, f"wrong number of args for {name}: {message}", final)
        elif given != wanted:
            return self.failing(name, f"wrong number of args for {name}: want {wanted} got {given}", final)
        if name.name in ("and", "or"):
            return self.short_circuit(name, arguments, ranged_dot, final)
        types = _types(function, given)
        compiled = [self.argument(node, go_type, ranged_dot) for node, go_type in zip(arguments, types, strict=False)]
        last = compiled[-1].last if compiled else name
        values = [each.value for each in compiled]
        if final is not None:
            values.append(self.checked(final, types[-1], last).value)
        if name.name == "len" and compiled and compiled[0].interface:
            function = replace(function, call=length_of_held)
        return Expression(self.called(function, command, values, final is not None), last)

    def argument(self, node: Node, go_type: str, ranged_dot: bool) -> Expression:
        if isinstance(node, nodes.String | nodes.Number | nodes.Bool | nodes.Nil):
            try:
                result = constant(node, go_type)
            except Refused as refused:
                return self.failing(node, str(refused))
            return Expression(lambda state, variables, dot: result, node)
        operand = self.operand(node, ranged_dot)
        return self.checked(operand, go_type, operand.last)

    def checked(self, operand: Expression, go_type: str, at: Node) -> Expression:
        """An operand that must be of a type; what does not fit is an error at the node that Go looked at last."""
        if go_type in UNCHECKED:
            return operand
        tree, inner, interface, last = self.tree, operand.value, operand.interface, operand.last

        def text(state: State, variables: list[Any], dot: Any) -> Any:
            result = inner(state, variables, dot)
            if type(result) is str:
                return result
            return other(state, result)

        def any_type(state: State, variables: list[Any], dot: Any) -> Any:
            return other(state, inner(state, variables, dot))

        def other(state: State, result: Any) -> Any:
            try:
                return assign(result, go_type, interface)
            except Refused as refused:
                fail(state, tree, at, str(refused))

        return Expression(text if go_type == "string" else any_type, last)

    def called(self, function: Function, command: Node, values: list[Value], piped: bool) -> Value:
        """The call itself. What is piped in was evaluated before the other arguments, so its error comes first."""
        call, state_first, name, tree = function.call, function.state, function.name, self.tree

        def failed(state: State, error: Exception) -> Any:
            if isinstance(error, TooMuch):
                raise error
            if isinstance(error, GoError):
                fail(state, tree, command, f"error calling {name}: {error}", error)
            if isinstance(error, RecursionError | MemoryError):
                raise TooMuch("the templates nest deeper, or take more memory, than they may") from error
            fail(state, tree, command, f"error calling {name}: {type(error).__name__}: {error}")

        if not state_first and len(values) == 1:
            (only,) = values

            def one(state: State, variables: list[Any], dot: Any) -> Any:
                argument = only(state, variables, dot)
                try:
                    return call(argument)
                except Exception as error:
                    return failed(state, error)

            return one
        if not state_first and len(values) == 2 and not piped:
            left, right = values

            def two(state: State, variables: list[Any], dot: Any) -> Any:
                before = left(state, variables, dot)
                after = right(state, variables, dot)
                try:
                    return call(before, after)
                except Exception as error:
                    return failed(state, error)

            return two

        def many(state: State, variables: list[Any], dot: Any) -> Any:
            if piped:
                final = values[-1](state, variables, dot)
                arguments = [value(state, variables, dot) for value in values[:-1]]
                arguments.append(final)
            else:
                arguments = [value(state, variables, dot) for value in values]
            try:
                return call(state, *arguments) if state_first else call(*arguments)
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


def _printed(result: Any) -> str:
    """A value as an action prints it. Go can take the address of some structs there: they have a String method then."""
    if result is None:
        return NO_VALUE
    printed: str | None = getattr(result, "printed", None)
    return text_of(result) if printed is None else printed


def _nothing(state: State, variables: list[Any], dot: Any, write: Write) -> int | None:
    return None


# The methods of Helm's common.Values, which come before keys of the same names.
_METHODS = frozenset({"AsMap", "Encode", "PathValue", "Table", "YAML"})


def _plain(names: list[str]) -> frozenset[Any]:
    """The types in which these names are nothing but keys."""
    kinds: list[Any] = [dict] if _METHODS.intersection(names) else [dict, Values]
    return frozenset(kinds)


def _types(function: Function, given: int) -> list[str]:
    """The type of each argument."""
    types = list(function.parameters)
    if not function.variadic:
        return types
    return (types[:-1] + [types[-1]] * given)[:given]


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
