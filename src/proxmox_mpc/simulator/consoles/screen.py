"""A text screen: takes what a terminal is sent, and holds the letters that are to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable

COLUMNS, ROWS = 80, 25

# What a client may ask for: more is no screen any more.
_LARGEST = (400, 200)

# Control sequences of ANSI terminals: colours and such are left out, positions and clearing are followed.
_SEQUENCE = re.compile(r"\x1b\[([\d;?]*)([A-Za-z@])|\x1b[()].|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[^\[\]()]")
# Longer sequences than this are noise, and numbers of more digits name no place.
_LONGEST_SEQUENCE, _MOST_DIGITS = 256, 6
_UNFINISHED = re.compile(r"\x1b(?:\[[\d;?]*|[()]|\][^\x07\x1b]*\x1b?)?$")


class Screen:
    """Rows of text and a cursor. `on_change` are told that something is to be seen that was not before."""

    def __init__(self, columns: int = COLUMNS, rows: int = ROWS) -> None:
        self.columns, self.rows = columns, rows
        self.lines = [""] * rows
        self.row = self.column = 0
        self.on_change: list[Callable[[], None]] = []
        self._rest = ""

    @property
    def text(self) -> str:
        """All that is to be seen, without the blank end."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip("\n")

    @property
    def redrawn(self) -> str:
        """What a terminal is sent that shall look the same: everything down to the cursor."""
        above = "".join(f"{line.rstrip()}\r\n" for line in self.lines[: self.row])
        return f"\x1b[2J\x1b[H{above}{self.lines[self.row].rstrip().ljust(self.column)}"

    def shown(self, row: int) -> str:
        """A row as wide as the screen."""
        return self.lines[row].ljust(self.columns)

    def resize(self, columns: int, rows: int) -> None:
        """Another size, within reason; the lower rows stay, as in terminals."""
        self.columns, self.rows = max(2, min(columns, _LARGEST[0])), max(2, min(rows, _LARGEST[1]))
        lost = max(0, self.row + 1 - self.rows)
        self.lines = [line[: self.columns] for line in self.lines[lost : lost + self.rows]]
        self.lines += [""] * (self.rows - len(self.lines))
        self.row, self.column = self.row - lost, min(self.column, self.columns - 1)
        self._tell()

    def feed(self, text: str) -> None:
        """Show what a program writes to its terminal."""
        text = self._rest + text
        unfinished = _UNFINISHED.search(text)
        if unfinished and len(unfinished[0]) <= _LONGEST_SEQUENCE:
            self._rest, text = unfinished[0], text[: unfinished.start()]
        else:
            self._rest = ""
        position = 0
        for found in _SEQUENCE.finditer(text):
            self._write(text[position : found.start()])
            self._follow(found[1] or "", found[2] or "")
            position = found.end()
        self._write(text[position:])
        self._tell()

    def _tell(self) -> None:
        for listener in self.on_change:
            listener()

    def _write(self, text: str) -> None:
        for letter in text:
            if letter == "\n":
                self._next_line()
            elif letter == "\r":
                self.column = 0
            elif letter == "\b":
                self.column = max(0, self.column - 1)
            elif letter == "\t":
                self.column = min(self.columns - 1, self.column // 8 * 8 + 8)
            elif letter >= " ":
                self._put(letter)

    def _put(self, letter: str) -> None:
        if self.column >= self.columns:
            self.column = 0
            self._next_line()
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + letter + line[self.column + 1 :]
        self.column += 1

    def _next_line(self) -> None:
        if self.row + 1 < self.rows:
            self.row += 1
        else:
            self.lines = [*self.lines[1:], ""]

    def _follow(self, parameters: str, command: str) -> None:
        numbers = [int(n[:_MOST_DIGITS]) if n.isdigit() else 0 for n in parameters.split(";")]
        if command in "Hf" and command:
            row, column = (*numbers, 0)[:2]
            self.row = min(max(row, 1), self.rows) - 1
            self.column = min(max(column, 1), self.columns) - 1
        elif command == "J" and numbers[0] in (2, 3):
            self.lines = [""] * self.rows
        elif command == "J":
            self.lines[self.row + 1 :] = [""] * (self.rows - self.row - 1)
            self.lines[self.row] = self.lines[self.row][: self.column]
        elif command == "K":
            self.lines[self.row] = self.lines[self.row][: self.column] if numbers[0] == 0 else ""
        elif command == "A":
            self.row = max(0, self.row - max(1, numbers[0]))
        elif command == "C":
            self.column = min(self.columns - 1, self.column + max(1, numbers[0]))
        elif command == "D":
            self.column = max(0, self.column - max(1, numbers[0]))
