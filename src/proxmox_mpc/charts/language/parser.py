"""Tokens to nodes, as Go 1.26's text/template/parse/parse.go does, with its errors."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NoReturn

from proxmox_mpc.charts.language import lexer, nodes
from proxmox_mpc.charts.language.lexer import Token
from proxmox_mpc.charts.language.numerals import number
from proxmox_mpc.charts.language.quoting import quote, unquote

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

# Deeper nesting of parentheses and of control structures than this is refused before Python's stack ends; Go refuses
# parentheses beyond 10,000 (text/template/parse: maxStackDepth), and no chart needs a hundred.
MAX_DEPTH = 150


class ParseError(Exception):
    """A template that cannot be parsed. `str()` is Go's text: `template: FILE:LINE: what is wrong`."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"template: {file}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


def parse(name: str, source: str, functions: Container[str]) -> dict[str, nodes.Tree]:
    """All templates that a text defines, itself under the empty name; raises ParseError, which calls it `name`."""
    try:
        return _Parser(name, source, functions).parse()
    except ParseError:
        return _Telling(name, source, functions).parse()


class _Parser:
    def __init__(self, name: str, source: str, functions: Container[str]) -> None:
        self.file, self.unit, self.functions = name, nodes.Unit(source), functions
        # Whoever looks beyond the end finds the end again, as with Go's lexer; nobody looks further than this.
        self.tokens = lexer.lex(source)
        self.tokens += self.tokens[-1:] * 4
        self.at = 0  # the next token
        self.trees: dict[str, nodes.Tree] = {}
        self.depth = 0
        self.action_line = 0
        self.begin_tree()

    def begin_tree(self) -> None:
        """A definition has variables and ranges of its own."""
        self.variables: list[tuple[str, int]] = [("$", 0)]
        self.slots = 1
        self.range_depth = 0
        self.furthest = self.at
        self.declared_by_range: set[int] = set()
        self.assigned: set[int] = set()

    # -- tokens

    def next(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def peek(self) -> Token:
        return self.tokens[self.at]

    def next_non_space(self) -> Token:
        token = self.tokens[self.at]
        if token[0] is lexer.SPACE:
            self.at += 1
            token = self.tokens[self.at]
        self.at += 1
        return token

    def peek_non_space(self) -> Token:
        """The next token that is no space; spaces before it are passed."""
        token = self.tokens[self.at]
        if token[0] is lexer.SPACE:
            self.at += 1
            token = self.tokens[self.at]
        return token

    def expect(self, kind: str, context: str) -> Token:
        token = self.next_non_space()
        if token.kind != kind:
            self.unexpected(token, context)
        return token

    def fail(self, message: str) -> NoReturn:
        line = self.tokens[self.furthest - 1].line if self.furthest else 1
        raise ParseError(self.file, line, message)

    def unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind == lexer.ERROR:
            extra = ""
            if self.action_line and self.action_line != token.line:
                extra = f" in action started at {self.file}:{self.action_line}"
                if token.text.endswith(" action"):
                    extra = extra.removeprefix(" in action")
            self.fail(f"{token}{extra}")
        self.fail(f"unexpected {token} in {context}")

    # -- structure

    def parse(self) -> dict[str, nodes.Tree]:
        root = nodes.Block(0)
        while self.peek().kind != lexer.EOF:
            if self.peek().kind == lexer.LEFT:
                left = self.at
                self.next()
                if self.next_non_space().kind == "define":
                    self.definition()
                    continue
                self.at = left
            node = self.text_or_action()
            if isinstance(node, nodes.Word) and node.word in ("end", "else"):
                self.fail(f"unexpected {node}")
            root.nodes.append(node)
        self.add("", root)
        return self.trees

    def definition(self) -> None:
        outer = self.leave_for_tree()
        token = self.next_non_space()
        if token.kind not in (lexer.STRING, lexer.RAW_STRING):
            self.unexpected(token, "define clause")
        name = self.string(token)
        self.expect(lexer.RIGHT, "define clause")
        root, end = self.items()
        if end.word != "end":
            self.fail(f"unexpected {end} in define clause")
        self.add(name, root)
        self.return_to(outer)

    def leave_for_tree(self) -> tuple[object, ...]:
        outer = (
            self.variables,
            self.slots,
            self.range_depth,
            self.furthest,
            self.declared_by_range,
            self.assigned,
            self.action_line,
        )
        self.begin_tree()
        self.action_line = 0
        return outer

    def return_to(self, outer: tuple[object, ...]) -> None:
        (
            self.variables,
            self.slots,
            self.range_depth,
            self.furthest,
            self.declared_by_range,
            self.assigned,
            self.action_line,
        ) = outer  # type: ignore[assignment]

    def add(self, name: str, root: nodes.Block) -> None:
        ranged = self.declared_by_range - self.assigned
        tree = nodes.Tree(name, self.unit, root, self.slots, ranged)
        known = self.trees.get(name)
        if known is None or known.is_empty:
            self.trees[name] = tree
        elif not tree.is_empty:
            self.fail(f"template: multiple definition of template {quote(name)}")

    def items(self) -> tuple[nodes.Block, nodes.Word]:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("template nested too deeply")
        block = nodes.Block(self.peek_non_space().at)
        while self.peek_non_space().kind != lexer.EOF:
            node = self.text_or_action()
            if isinstance(node, nodes.Word) and node.word in ("end", "else"):
                self.depth -= 1
                return block, node
            block.nodes.append(node)
        self.fail("unexpected EOF")

    def text_or_action(self) -> nodes.Node:
        token = self.next_non_space()
        if token.kind == lexer.TEXT:
            return nodes.Text(token.at, token.text)
        if token.kind == lexer.LEFT:
            self.action_line = token.line
            node = self.action()
            self.action_line = 0
            return node
        self.unexpected(token, "input")

    def action(self) -> nodes.Node:
        before = self.at
        token = self.next_non_space()
        control = _CONTROLS.get(token.kind)
        if control is not None:
            return control(self, token)
        self.at = before
        self.peek_non_space()
        token = self.peek()
        return nodes.Action(token.at, self.pipeline("command", lexer.RIGHT))

    def loop_word(self, token: Token) -> nodes.Node:
        following = self.next_non_space()
        if following.kind != lexer.RIGHT:
            self.unexpected(following, f"{{{{{token.kind}}}}}")
        if self.range_depth == 0:
            self.fail(f"{{{{{token.kind}}}}} outside {{{{range}}}}")
        return nodes.Word(token.at, token.kind)

    def else_(self, _token: Token) -> nodes.Node:
        following = self.peek_non_space()
        if following.kind in ("if", "with"):
            return nodes.Word(following.at, "else")
        return nodes.Word(self.expect(lexer.RIGHT, "else").at, "else")

    def end(self, _token: Token) -> nodes.Node:
        return nodes.Word(self.expect(lexer.RIGHT, "end").at, "end")

    def branch(self, token: Token) -> nodes.Node:
        word = token.kind
        kept = len(self.variables)
        pipe = self.pipeline(word, lexer.RIGHT)
        if word == "range":
            self.range_depth += 1
        body, closing = self.items()
        if word == "range":
            self.range_depth -= 1
        otherwise: nodes.Block | None = None
        if closing.word == "else":
            following = self.peek()
            if word != "range" and following.kind == word:
                self.next()
                self.depth += 1
                if self.depth > MAX_DEPTH:
                    self.fail("template nested too deeply")
                otherwise = nodes.Block(closing.at, [self.branch(following)])
                self.depth -= 1
            else:
                otherwise, closing = self.items()
                if closing.word != "end":
                    self.fail(f"expected end; found {closing}")
        del self.variables[kept:]
        return nodes.Branch(pipe.at, word, pipe, body, otherwise)

    def block(self, _token: Token) -> nodes.Node:
        token = self.next_non_space()
        name = self.template_name(token, "block clause")
        pipe = self.pipeline("block clause", lexer.RIGHT)
        outer = self.leave_for_tree()
        root, end = self.items()
        furthest = self.furthest
        if end.word != "end":
            self.fail(f"unexpected {end} in block clause")
        self.add(name, root)
        self.return_to(outer)
        self.furthest = max(self.furthest, furthest) if self.at > furthest else self.furthest
        return nodes.TemplateCall(token.at, name, pipe)

    def template(self, _token: Token) -> nodes.Node:
        token = self.next_non_space()
        name = self.template_name(token, "template clause")
        pipe = None
        before = self.at
        if self.next_non_space().kind != lexer.RIGHT:
            self.at = before
            pipe = self.pipeline("template clause", lexer.RIGHT)
        return nodes.TemplateCall(token.at, name, pipe)

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in (lexer.STRING, lexer.RAW_STRING):
            self.unexpected(token, context)
        return self.string(token)

    def string(self, token: Token) -> str:
        text = unquote(token.text)
        if text is None:
            self.fail("invalid syntax")
        return text

    # -- pipelines

    def pipeline(self, context: str, end: str) -> nodes.Pipe:
        token = self.peek_non_space()
        pipe = nodes.Pipe(token.at, token.line)
        known = len(self.variables)
        self.declarations(pipe, context)
        while True:
            before = self.at
            token = self.next_non_space()
            if token.kind == end:
                self.check(pipe, context)
                if pipe.declared:
                    self.settle(pipe, context, known)
                return pipe
            if token.kind not in _OPERANDS:
                self.unexpected(token, context)
            self.at = before
            pipe.commands.append(self.command())

    def declarations(self, pipe: nodes.Pipe, context: str) -> None:
        while True:
            variable = self.peek_non_space()
            if variable.kind != lexer.VARIABLE:
                break
            before = self.at
            self.next()
            following = self.peek_non_space()
            if following.kind in (lexer.ASSIGN, lexer.DECLARE):
                self.next_non_space()
                pipe.assigns = following.kind == lexer.ASSIGN
                self.declare(pipe, variable)
                break
            if not (following.kind == lexer.CHAR and following.text == ","):
                self.at = before
                break
            self.next_non_space()
            self.declare(pipe, variable)
            if context == "range" and len(pipe.declared) < 2:
                if self.peek_non_space().kind in (lexer.VARIABLE, lexer.RIGHT, lexer.RIGHT_PAREN):
                    continue
                self.fail("range can only initialize variables")
            self.fail(f"too many declarations in {context}")

    def declare(self, pipe: nodes.Pipe, variable: Token) -> None:
        """Make a name known; in its own pipeline it still means what it meant before."""
        pipe.declared.append(nodes.Variable(variable.at, variable.text.split("."), _NO_SLOT))
        self.variables.append((variable.text, _NO_SLOT))

    def settle(self, pipe: nodes.Pipe, context: str, known: int) -> None:
        """Give each declared variable its slot: a new one, or that of the variable which is assigned to.

        Go lets a name that nobody declared be assigned to here, and complains when the template is executed.
        """
        for place, variable in enumerate(pipe.declared):
            name = variable.names[0]
            if pipe.assigns:
                variable.slot = self.slot_of(name)
                self.assigned.add(variable.slot)
            else:
                variable.slot = self.slots
                self.slots += 1
                if context == "range":
                    self.declared_by_range.add(variable.slot)
            self.variables[known + place] = (name, variable.slot)

    def slot_of(self, name: str) -> int:
        for known, slot in reversed(self.variables):
            if known == name and slot != _NO_SLOT:
                return slot
        return _NO_SLOT

    def check(self, pipe: nodes.Pipe, context: str) -> None:
        if not pipe.commands:
            self.fail(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.arguments[0], _CONSTANTS):
                self.fail(f"non executable command in pipeline stage {stage}")

    def command(self) -> nodes.Command:
        command = nodes.Command(self.peek_non_space().at)
        while True:
            self.peek_non_space()
            operand = self.operand()
            if operand is not None:
                command.arguments.append(operand)
            before = self.at
            token = self.next()
            if token.kind == lexer.SPACE:
                continue
            if token.kind in (lexer.RIGHT, lexer.RIGHT_PAREN):
                self.at = before
            elif token.kind != lexer.PIPE:
                self.unexpected(token, "operand")
            break
        if not command.arguments:
            self.fail("empty command")
        return command

    def operand(self) -> nodes.Node | None:
        node = self.term()
        if node is None:
            return None
        following = self.peek()
        if following.kind != lexer.FIELD:
            return node
        at, names = following.at, []
        while self.peek().kind == lexer.FIELD:
            names.append(self.next().text[1:])
        if isinstance(node, nodes.Field):
            return nodes.Field(at, node.names + names)
        if isinstance(node, nodes.Variable):
            return nodes.Variable(at, node.names + names, node.slot)
        if isinstance(node, _NOT_BEFORE_A_FIELD):
            self.fail(f"unexpected . after term {quote(str(node))}")
        return nodes.Chain(at, node, names)

    def term(self) -> nodes.Node | None:
        before = self.at
        token = self.next_non_space()
        kind = token.kind
        if kind == lexer.FIELD:
            return nodes.Field(token.at, [token.text[1:]])
        if kind == lexer.IDENTIFIER:
            if token.text not in self.functions:
                self.fail(f"function {quote(token.text)} not defined")
            return nodes.Identifier(token.at, token.text)
        if kind == lexer.STRING or kind == lexer.RAW_STRING:
            return nodes.String(token.at, token.text, self.string(token))
        if kind == lexer.VARIABLE:
            slot = self.slot_of(token.text)
            if not any(known == token.text for known, _slot in self.variables):
                self.fail(f"undefined variable {quote(token.text)}")
            return nodes.Variable(token.at, [token.text], slot)
        if kind == lexer.DOT:
            return nodes.Dot(token.at)
        if kind in (lexer.NUMBER, lexer.COMPLEX, lexer.CHAR_CONSTANT):
            made = number(token)
            if isinstance(made, str):
                self.fail(made)
            return made
        if kind == lexer.LEFT_PAREN:
            self.depth += 1
            if self.depth > MAX_DEPTH:
                self.fail("template: max expression depth exceeded")
            pipe = self.pipeline("parenthesized pipeline", lexer.RIGHT_PAREN)
            self.depth -= 1
            return pipe
        if kind == lexer.BOOL:
            return nodes.Bool(token.at, token.text == "true")
        if kind == lexer.NIL:
            return nodes.Nil(token.at)
        self.at = before
        return None


_CONTROLS: dict[str, Callable[[_Parser, Token], nodes.Node]] = {
    "block": _Parser.block,
    "break": _Parser.loop_word,
    "continue": _Parser.loop_word,
    "else": _Parser.else_,
    "end": _Parser.end,
    "if": _Parser.branch,
    "range": _Parser.branch,
    "template": _Parser.template,
    "with": _Parser.branch,
}


class _Telling(_Parser):
    """A parser that remembers the token which was looked at last, whose line Go's errors tell; it is slower."""

    def next(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        self.furthest = max(self.furthest, self.at)
        return token

    def peek(self) -> Token:
        self.furthest = max(self.furthest, self.at + 1)
        return self.tokens[self.at]

    def next_non_space(self) -> Token:
        token = self.next()
        return self.next() if token.kind == lexer.SPACE else token

    def peek_non_space(self) -> Token:
        if self.peek().kind == lexer.SPACE:
            self.next()
        return self.peek()
