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


# What stands in an action, most frequent first. A word must be followed by one of lex.go's terminators; what fits
# nowhere is looked at by `_wrong`, which knows the complaint.
_ENDS = r"(?=[ \t\r\n.,|:)(]|}}|\Z)"
_TOKEN = re.compile(
    rf"""
        (?P<trim>[ \t\r\n]+-}}}})
      | (?P<space>[ \t\r\n]+)
      | (?P<field>\.(?![0-9]|\Z)\w*){_ENDS}
      | (?P<word>[^\W0-9]\w*){_ENDS}
      | (?P<string>"(?:[^"\\\n]|\\[^\n])*")
      | (?P<variable>\$\w*){_ENDS}
      | (?P<close>}}}})
      | (?P<single>[|()=])
      | (?P<declare>:=)
      | (?P<number>(?=[-+0-9]|\.[0-9]|\.\Z)[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
                          |0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?
                          |[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?)
      | (?P<raw>`[^`]*`)
      | (?P<character>'(?:[^'\\\n]|\\[^\n])*')
      | (?P<char>[!\#%&*,/;<>?@\[\\\]^{{}}~])
    """,
    re.VERBOSE,
)
_WORD = re.compile(r"[.$]?\w*")


def lex(text: str) -> list[Token]:
    """All tokens of a template; the last one is EOF or an ERROR, where lexing ended."""
    return _Lexer(text).tokens


class _Lexer:
    def __init__(self, text: str) -> None:
        self.source = text
        self.tokens: list[Token] = []
        self.line = 1
        self.run()

    def fail(self, message: str, at: int, line: int) -> int | None:
        """End the tokens with an error."""
        self.tokens.append(Token(ERROR, at, message, line))
        return None

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
        """Lex an action from behind its delimiter; where the text goes on, or None after an error."""
        source, depth, line = self.source, 0, self.line
        add, match, make = self.tokens.append, _TOKEN.match, tuple.__new__
        while True:
            found = match(source, at)
            group = None if found is None else found.lastgroup
            if found is None or group is None:
                self.line = line
                return self._wrong(at)
            end = found.end()
            if group == "space":
                text = found.group()
                add(make(Token, (SPACE, at, text, line)))
                line += text.count("\n")
            elif group == "word":
                text = found.group()
                add(make(Token, (_WORDS.get(text, IDENTIFIER), at, text, line)))
            elif group == "field":
                text = found.group()
                add(make(Token, (DOT if text == "." else FIELD, at, text, line)))
            elif group == "single":
                text = source[at]
                if text == "(":
                    depth += 1
                elif text == ")":
                    depth -= 1
                    if depth < 0:
                        self.line = line
                        return self.fail("unexpected right paren", at, line)
                add(make(Token, (_SINGLE[text], at, text, line)))
            elif group == "close" or group == "trim":
                self.line = line
                return self._close(found, depth)
            elif group == "number":
                self.line = line
                after = self.number(at, end)
                if after is None:
                    return None
                end = after
            else:
                text = found.group()
                add(make(Token, (_PLAIN[group], at, text, line)))
                line += text.count("\n")
            at = end

    def _close(self, found: re.Match[str], depth: int) -> int | None:
        at, end = found.span()
        if found.lastgroup == "trim":
            blanks = end - 3 - at
            if depth == 0 and blanks > 1:
                self.tokens.append(Token(SPACE, at, self.source[at : at + blanks - 1], self.line))
            self.line += self.source.count("\n", at, at + blanks - 1)
            at += blanks
        if depth:
            return self.fail("unclosed left paren", at, self.line)
        self.tokens.append(Token(RIGHT, at, "}}", self.line))
        if found.lastgroup == "close":
            return end
        # The delimiter's own blank and those behind it are trimmed.
        after = self.skip_blank(end)
        self.line += self.source.count("\n", at - 1, after)
        return after

    def _wrong(self, at: int) -> int | None:
        """Tell what is wrong with what stands here."""
        source, line = self.source, self.line
        if at >= len(source):
            return self.fail("unclosed action", at, line)
        letter = source[at]
        complaint = _UNCLOSED.get(letter)
        if complaint is not None:
            return self.fail(complaint, at, line)
        if letter == ":":
            return self.fail("expected :=", at, line)
        if letter in ".$" or letter == "_" or letter.isalnum():
            word = _WORD.match(source, at)
            assert word is not None
            return self.fail(f"bad character {_code_point(source[word.end()])}", at, line)
        return self.fail(f"unrecognized character in action: {_code_point(letter)}", at, line)

    def number(self, at: int, after: int) -> int | None:
        source, line = self.source, self.line
        following = source[after : after + 1]
        if following and (following.isalnum() or following == "_"):
            from proxmox_mpc.charts.language.quoting import quote

            self.fail(f"bad number syntax: {quote(source[at : after + 1])}", at, line)
            return None
        if following and following in "+-":
            second = _TOKEN.match(source, after)
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


_SINGLE = {"|": PIPE, "(": LEFT_PAREN, ")": RIGHT_PAREN, "=": ASSIGN}
_WORDS = {**{word: word for word in KEYWORDS}, "true": BOOL, "false": BOOL, "nil": NIL}
_PLAIN = {
    "string": STRING,
    "variable": VARIABLE,
    "declare": DECLARE,
    "raw": RAW_STRING,
    "character": CHAR_CONSTANT,
    "char": CHAR,
}
_UNCLOSED = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
}


def _code_point(letter: str) -> str:
    """Go's %#U: U+0023 '#'."""
    code = ord(letter)
    return f"U+{code:04X} '{letter}'" if letter.isprintable() else f"U+{code:04X}"
