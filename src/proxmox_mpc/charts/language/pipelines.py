"""Pipelines: commands with their operands, declarations, and the variables that a template has."""

from __future__ import annotations

from collections.abc import Container

from proxmox_mpc.charts.language import lexer, nodes
from proxmox_mpc.charts.language.cursor import Cursor
from proxmox_mpc.charts.language.lexer import Token
from proxmox_mpc.charts.language.numerals import number
from proxmox_mpc.charts.language.quoting import quote

_OPERANDS = frozenset(
    {
        lexer.BOOL,
        lexer.CHAR_CONSTANT,
        lexer.COMPLEX,
        lexer.DOT,
        lexer.FIELD,
        lexer.IDENTIFIER,
        lexer.NUMBER,
        lexer.NIL,
        lexer.RAW_STRING,
        lexer.STRING,
        lexer.VARIABLE,
        lexer.LEFT_PAREN,
    }
)
_CONSTANTS = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)
_NOT_BEFORE_A_FIELD = (nodes.Bool, nodes.String, nodes.Number, nodes.Nil, nodes.Dot)

# Of a variable that no declaration has reached yet.
_NO_SLOT = -1


class Scope:
    """The variables of one template, by name the innermost last, and what became of them."""

    def __init__(self) -> None:
        self.variables: list[tuple[str, int]] = [("$", 0)]
        self.slots = 1
        self.declared_by_range: set[int] = set()
        self.assigned: set[int] = set()

    def slot_of(self, name: str) -> int:
        for known, slot in reversed(self.variables):
            if known == name and slot != _NO_SLOT:
                return slot
        return _NO_SLOT


class Pipelines:
    """Parses pipelines; `scope` is that of the template which is being parsed."""

    def __init__(self, cursor: Cursor, functions: Container[str]) -> None:
        self.cursor, self.functions = cursor, functions
        self.scope = Scope()

    def pipeline(self, context: str, end: str) -> nodes.Pipe:
        token = self.cursor.peek_non_space()
        pipe = nodes.Pipe(token.at, token.line)
        known = len(self.scope.variables)
        self.declarations(pipe, context)
        while True:
            before = self.cursor.at
            token = self.cursor.next_non_space()
            if token.kind == end:
                self.check(pipe, context)
                if pipe.declared:
                    self.settle(pipe, context, known)
                return pipe
            if token.kind not in _OPERANDS:
                self.cursor.unexpected(token, context)
            self.cursor.at = before
            pipe.commands.append(self.command())

    def declarations(self, pipe: nodes.Pipe, context: str) -> None:
        while True:
            variable = self.cursor.peek_non_space()
            if variable.kind != lexer.VARIABLE:
                break
            before = self.cursor.at
            self.cursor.next()
            following = self.cursor.peek_non_space()
            if following.kind in (lexer.ASSIGN, lexer.DECLARE):
                self.cursor.next_non_space()
                pipe.assigns = following.kind == lexer.ASSIGN
                self.declare(pipe, variable)
                break
            if not (following.kind == lexer.CHAR and following.text == ","):
                self.cursor.at = before
                break
            self.cursor.next_non_space()
            self.declare(pipe, variable)
            if context == "range" and len(pipe.declared) < 2:
                if self.cursor.peek_non_space().kind in (lexer.VARIABLE, lexer.RIGHT, lexer.RIGHT_PAREN):
                    continue
                self.cursor.fail("range can only initialize variables")
            self.cursor.fail(f"too many declarations in {context}")

    def declare(self, pipe: nodes.Pipe, variable: Token) -> None:
        """Make a name known; in its own pipeline it still means what it meant before."""
        pipe.declared.append(nodes.Variable(variable.at, variable.text.split("."), _NO_SLOT))
        self.scope.variables.append((variable.text, _NO_SLOT))

    def settle(self, pipe: nodes.Pipe, context: str, known: int) -> None:
        """Give each declared variable its slot: a new one, or that of the variable which is assigned to.

        Go lets a name that nobody declared be assigned to here, and complains when the template is executed.
        """
        for place, variable in enumerate(pipe.declared):
            name = variable.names[0]
            if pipe.assigns:
                variable.slot = self.scope.slot_of(name)
                self.scope.assigned.add(variable.slot)
            else:
                variable.slot = self.scope.slots
                self.scope.slots += 1
                if context == "range":
                    self.scope.declared_by_range.add(variable.slot)
            self.scope.variables[known + place] = (name, variable.slot)

    def check(self, pipe: nodes.Pipe, context: str) -> None:
        if not pipe.commands:
            self.cursor.fail(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.arguments[0], _CONSTANTS):
                self.cursor.fail(f"non executable command in pipeline stage {stage}")

    def command(self) -> nodes.Command:
        command = nodes.Command(self.cursor.peek_non_space().at)
        while True:
            self.cursor.peek_non_space()
            operand = self.operand()
            if operand is not None:
                command.arguments.append(operand)
            before = self.cursor.at
            token = self.cursor.next()
            if token.kind == lexer.SPACE:
                continue
            if token.kind in (lexer.RIGHT, lexer.RIGHT_PAREN):
                self.cursor.at = before
            elif token.kind != lexer.PIPE:
                self.cursor.unexpected(token, "operand")
            break
        if not command.arguments:
            self.cursor.fail("empty command")
        return command

    def operand(self) -> nodes.Node | None:
        node = self.term()
        if node is None:
            return None
        following = self.cursor.peek()
        if following.kind != lexer.FIELD:
            return node
        at, names = following.at, []
        while self.cursor.peek().kind == lexer.FIELD:
            names.append(self.cursor.next().text[1:])
        if isinstance(node, nodes.Field):
            return nodes.Field(at, node.names + names)
        if isinstance(node, nodes.Variable):
            return nodes.Variable(at, node.names + names, node.slot)
        if isinstance(node, _NOT_BEFORE_A_FIELD):
            self.cursor.fail(f"unexpected . after term {quote(str(node))}")
        return nodes.Chain(at, node, names)

    def term(self) -> nodes.Node | None:
        before = self.cursor.at
        token = self.cursor.next_non_space()
        kind = token.kind
        if kind == lexer.FIELD:
            return nodes.Field(token.at, [token.text[1:]])
        if kind == lexer.IDENTIFIER:
            if token.text not in self.functions:
                self.cursor.fail(f"function {quote(token.text)} not defined")
            return nodes.Identifier(token.at, token.text)
        if kind == lexer.STRING or kind == lexer.RAW_STRING:
            return nodes.String(token.at, token.text, self.cursor.string(token))
        if kind == lexer.VARIABLE:
            slot = self.scope.slot_of(token.text)
            if not any(known == token.text for known, _slot in self.scope.variables):
                self.cursor.fail(f"undefined variable {quote(token.text)}")
            return nodes.Variable(token.at, [token.text], slot)
        if kind == lexer.DOT:
            return nodes.Dot(token.at)
        if kind in (lexer.NUMBER, lexer.COMPLEX, lexer.CHAR_CONSTANT):
            made = number(token)
            if isinstance(made, str):
                self.cursor.fail(made)
            return made
        if kind == lexer.LEFT_PAREN:
            self.cursor.deeper("template: max expression depth exceeded")
            pipe = self.pipeline("parenthesized pipeline", lexer.RIGHT_PAREN)
            self.cursor.depth -= 1
            return pipe
        if kind == lexer.BOOL:
            return nodes.Bool(token.at, token.text == "true")
        if kind == lexer.NIL:
            return nodes.Nil(token.at)
        self.cursor.at = before
        return None
