"""Template text to tokens, as Go 1.26's text/template/parse/lex.go cuts it."""

from __future__ import annotations

import re
from typing import NamedTuple

ERROR = "error"
EOF = "eof"
TEXT = "text"
LEFT = "left delimiter"
RIGHT = "right delimiter"
SPACE = "space"
IDENTIFIER = "identifier"
FIELD = "field"
VARIABLE = "variable"
DOT = "dot"
NIL = "nil"
BOOL = "bool"
NUMBER = "number"
COMPLEX = "complex"
CHAR_CONSTANT = "character constant"
STRING = "string"
RAW_STRING = "raw string"
ASSIGN = "="
DECLARE = ":="
PIPE = "|"
LEFT_PAREN = "("
RIGHT_PAREN = ")"
CHAR = "char"
KEYWORDS = frozenset({"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"})

_BLANK = " \t\r\n"


class Token(NamedTuple):
    """`kind` is one of the names above, a keyword its own word; `at` counts characters, `line` from 1."""

    kind: str
    at: int
    text: str
    line: int

    def __str__(self) -> str:
        """As Go's parser names a token in its errors."""
        from proxmox_mpc.charts.language.quoting import quote

        if self.kind == EOF:
            return "EOF"
        if self.kind == ERROR:
            return self.text
        if self.kind in KEYWORDS or self.kind in (DOT, NIL):
            return f"<{self.text}>"
        return quote(self.text[:10]) + "..." if len(self.text) > 10 else quote(self.text)


# Words and numbers of an action, in the order of lex.go's switch; what may follow them is checked afterwards.
_ACTION = re.compile(
    r"""
        (?P<field>\.(?![0-9])\w*)
      | (?P<variable>\$\w*)
      | (?P<number>(?=[-+.0-9])[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
                          |0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?
                          |[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?)
      | (?P<word>\w+)
    """,
    re.VERBOSE,
)
_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_TERMINATORS = _BLANK + ".,|:)("


def lex(text: str) -> list[Token]:
    """All tokens of a template; the last one is EOF or an ERROR, where lexing ended."""
    return _Lexer(text).tokens


class _Lexer:
    def __init__(self, text: str) -> None:
        self.source = text
        self.tokens: list[Token] = []
        self.line = 1
        self.run()

    def fail(self, message: str, at: int, line: int) -> None:
        self.tokens.append(Token(ERROR, at, message, line))

    def run(self) -> None:
        source, tokens, at, end = self.source, self.tokens, 0, len(self.source)
        while True:
            left = source.find("{{", at)
            if left < 0:
                if at < end:
                    tokens.append(Token(TEXT, at, source[at:], self.line))
                    self.line += source.count("\n", at)
                tokens.append(Token(EOF, end, "", self.line))
                return
            trims = source[left + 2 : left + 3] == "-" and source[left + 3 : left + 4] in _BLANK and left + 3 < end
            until = len(source[at:left].rstrip(_BLANK)) + at if trims else left
            if until > at:
                tokens.append(Token(TEXT, at, source[at:until], self.line))
            self.line += source.count("\n", at, left)
            inside = left + (4 if trims else 2)
            if source.startswith("/*", inside):
                next_at = self.comment(left, inside)
            else:
                tokens.append(Token(LEFT, left, "{{", self.line))
                if trims:
                    self.line += source.count("\n", left, inside)
                next_at = self.action(inside)
            if next_at is None:
                return
            at = next_at

    def comment(self, left: int, inside: int) -> int | None:
        source = self.source
        close = source.find("*/", inside + 2)
        if close < 0:
            self.fail("unclosed comment", left, self.line)
            return None
        close += 2
        right = self.right_delimiter(close)
        if right is None:
            self.fail("comment ends before closing delimiter", left, self.line)
            return None
        at, trims = right
        if trims:
            at = self.skip_blank(at)
        self.line += source.count("\n", left, at)
        return at

    def right_delimiter(self, at: int) -> tuple[int, bool] | None:
        """Where the text goes on after a right delimiter that stands here, and whether it trims."""
        source = self.source
        if source.startswith("}}", at):
            return at + 2, False
        if source[at : at + 1] in _BLANK and source.startswith("-}}", at + 1) and at < len(source):
            return at + 4, True
        return None

    def skip_blank(self, at: int) -> int:
        source, end = self.source, len(self.source)
        while at < end and source[at] in _BLANK:
            at += 1
        return at

    def action(self, at: int) -> int | None:
        source, tokens, end, depth = self.source, self.tokens, len(self.source), 0
        add = tokens.append
        while True:
            if at >= end:
                self.fail("unclosed action", at, self.line)
                return None
            letter = source[at]
            if letter == "}" and source.startswith("}}", at):
                if depth:
                    self.fail("unclosed left paren", at, self.line)
                    return None
                add(Token(RIGHT, at, "}}", self.line))
                return at + 2
            if letter in _BLANK:
                blank_end = self.skip_blank(at)
                if source.startswith("-}}", blank_end):
                    if depth:
                        self.fail("unclosed left paren", at, self.line)
                        return None
                    if blank_end - at > 1:
                        add(Token(SPACE, at, source[at : blank_end - 1], self.line))
                        self.line += source.count("\n", at, blank_end - 1)
                    # The delimiter's own blank and the blanks after it are trimmed.
                    add(Token(RIGHT, blank_end, "}}", self.line))
                    after = self.skip_blank(blank_end + 3)
                    self.line += source.count("\n", blank_end - 1, after)
                    return after
                add(Token(SPACE, at, source[at:blank_end], self.line))
                self.line += source.count("\n", at, blank_end)
                at = blank_end
                continue
            done = self.operand(letter, at)
            if done is None:
                return None
            if letter == "(":
                depth += 1
            elif letter == ")":
                depth -= 1
                if depth < 0:
                    tokens.pop()
                    self.fail("unexpected right paren", at, self.line)
                    return None
            at = done

    def operand(self, letter: str, at: int) -> int | None:
        """Lex what is neither space nor delimiter; where it ends, or None after an error."""
        source, line = self.source, self.line
        add = self.tokens.append
        if letter == '"':
            found = _STRING.match(source, at)
            if found is None:
                self.fail("unterminated quoted string", at, line)
                return None
            add(Token(STRING, at, found.group(), line))
            return found.end()
        if letter == "`":
            close = source.find("`", at + 1)
            if close < 0:
                self.fail("unterminated raw quoted string", at, line)
                return None
            add(Token(RAW_STRING, at, source[at : close + 1], line))
            self.line += source.count("\n", at, close)
            return close + 1
        if letter == "'":
            found = _CHARACTER.match(source, at)
            if found is None:
                self.fail("unterminated character constant", at, line)
                return None
            add(Token(CHAR_CONSTANT, at, found.group(), line))
            return found.end()
        single = _SINGLE.get(letter)
        if single is not None:
            add(Token(single, at, letter, line))
            return at + 1
        if letter == ":":
            if source[at + 1 : at + 2] != "=":
                self.fail("expected :=", at, line)
                return None
            add(Token(DECLARE, at, ":=", line))
            return at + 2
        found = _ACTION.match(source, at)
        if found is not None and found.end() > at:
            return self.word(found, at)
        if letter.isascii() and letter.isprintable():
            add(Token(CHAR, at, letter, line))
            return at + 1
        self.fail(f"unrecognized character in action: {_code_point(letter)}", at, line)
        return None

    def word(self, found: re.Match[str], at: int) -> int | None:
        source, line, group, text, after = self.source, self.line, found.lastgroup, found.group(), found.end()
        add = self.tokens.append
        if group == "number":
            return self.number(at, after)
        if not self.terminated(after):
            self.fail(f"bad character {_code_point(source[after])}", at, line)
            return None
        if group == "field":
            add(Token(DOT if text == "." else FIELD, at, text, line))
        elif group == "variable":
            add(Token(VARIABLE, at, text, line))
        elif text in KEYWORDS:
            add(Token(text, at, text, line))
        elif text in ("true", "false"):
            add(Token(BOOL, at, text, line))
        else:
            add(Token(NIL if text == "nil" else IDENTIFIER, at, text, line))
        return after

    def number(self, at: int, after: int) -> int | None:
        source, line = self.source, self.line
        following = source[after : after + 1]
        if following and (following.isalnum() or following == "_"):
            from proxmox_mpc.charts.language.quoting import quote

            self.fail(f"bad number syntax: {quote(source[at : after + 1])}", at, line)
            return None
        if following and following in "+-":
            second = _ACTION.match(source, after)
            stop = second.end() if second is not None and second.lastgroup == "number" else after + 1
            beyond = source[stop : stop + 1]
            if source[stop - 1] != "i" or (beyond and (beyond.isalnum() or beyond == "_")):
                from proxmox_mpc.charts.language.quoting import quote

                wrong = stop + 1 if beyond and (beyond.isalnum() or beyond == "_") else stop
                self.fail(f"bad number syntax: {quote(source[at:wrong])}", at, line)
                return None
            self.tokens.append(Token(COMPLEX, at, source[at:stop], line))
            return stop
        self.tokens.append(Token(NUMBER, at, source[at:after], line))
        return after

    def terminated(self, at: int) -> bool:
        """Whether what stands here may follow a word."""
        following = self.source[at : at + 1]
        return not following or following in _TERMINATORS or self.source.startswith("}}", at)


_SINGLE = {"|": PIPE, "(": LEFT_PAREN, ")": RIGHT_PAREN, "=": ASSIGN}


def _code_point(letter: str) -> str:
    """Go's %#U: U+0023 '#'."""
    code = ord(letter)
    return f"U+{code:04X} '{letter}'" if letter.isprintable() else f"U+{code:04X}"
