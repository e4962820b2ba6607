"""The tokens of a text, one after another, and the errors that Go's parser tells of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from proxmox_mpc.charts.language import lexer
from proxmox_mpc.charts.language.lexer import Token
from proxmox_mpc.charts.language.quoting import unquote

# Deeper nesting of parentheses and of control structures than this is refused before Python's stack ends; Go refuses
# parentheses beyond 10,000 (text/template/parse: maxStackDepth), and no chart needs a hundred.
MAX_DEPTH = 150


class ParseError(Exception):
    """A template that cannot be parsed. `str()` is Go's text: `template: FILE:LINE: what is wrong`."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"template: {file}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


class Cursor:
    """Where the parser stands in the tokens of the text that is called `file`.

    `furthest` is behind the token that was looked at last, whose line Go's errors tell: only Telling keeps it.
    """

    def __init__(self, file: str, tokens: Sequence[Token]) -> None:
        # Whoever looks beyond the end finds the end again, as with Go's lexer; nobody looks further than this.
        self.tokens: list[Token] = list(tokens) + list(tokens[-1:]) * 4
        self.file = file
        self.at = 0  # the next token
        self.furthest = 0
        self.action_line = 0
        self.depth = 0

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

    def string(self, token: Token) -> str:
        text = unquote(token.text)
        if text is None:
            self.fail("invalid syntax")
        return text

    def deeper(self, message: str) -> None:
        """Go one level down; refuse what is nested too deeply."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(message)


class Telling(Cursor):
    """A cursor that remembers the token which was looked at last, whose line Go's errors tell; it is slower."""

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
