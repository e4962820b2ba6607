"""Go's `fmt.Sprintf`: its verbs, flags, widths, argument indexes, and what it prints when they do not fit."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.language.function import affordable
from proxmox_mpc.charts.language.verbs import Form, formatted, typed

# fmt refuses wider widths and precisions (fmt/print.go: tooLarge).
_WIDEST = 1_000_000


def sprintf(pattern: str, values: tuple[Any, ...] | list[Any]) -> str:
    """Format as Go does; what does not fit is said inside the text (`%!d(string=x)`), never raised."""
    if "%" not in pattern and not values:
        return pattern
    return _Printer(pattern, values).text()


class _Printer:
    def __init__(self, pattern: str, values: tuple[Any, ...] | list[Any]) -> None:
        self.pattern = pattern
        self.values = values
        self.at = 0
        self.number = 0
        self.reordered = False
        self.good_number = True
        self.after_index = False

    def text(self) -> str:
        pattern, end, parts = self.pattern, len(self.pattern), []
        size = 0
        while self.at < end:
            percent = pattern.find("%", self.at)
            if percent < 0:
                parts.append(pattern[self.at :])
                break
            parts.append(pattern[self.at : percent])
            self.at = percent + 1
            parts.append(self._verb())
            size += len(parts[-1])
            affordable(size)
        if not self.reordered and self.number < len(self.values):
            extra = ", ".join(typed(value) for value in self.values[self.number :])
            parts.append(f"%!(EXTRA {extra})")
        return "".join(parts)

    def _verb(self) -> str:
        pattern, end, form = self.pattern, len(self.pattern), Form()
        self.good_number, self.after_index = True, False
        while self.at < end and pattern[self.at] in "#0+- ":
            flag = pattern[self.at]
            if flag == "#":
                form.sharp = True
            elif flag == "0":
                form.zero = True
            elif flag == "+":
                form.plus = True
            elif flag == "-":
                form.minus = True
            else:
                form.space = True
            self.at += 1
        complaint = ""
        self._index()
        if self.at < end and pattern[self.at] == "*":
            self.at += 1
            form.width = self._star()
            if form.width is None:
                complaint += "%!(BADWIDTH)"
            elif form.width < 0:
                form.width, form.minus, form.zero = -form.width, True, False
            self.after_index = False
        else:
            form.width = self._digits()
            if self.after_index and form.width is not None:
                self.good_number = False
        if self.at + 1 <= end and pattern[self.at : self.at + 1] == ".":
            self.at += 1
            if self.after_index:
                self.good_number = False
            self._index()
            if self.at < end and pattern[self.at] == "*":
                self.at += 1
                form.precision = self._star()
                if form.precision is not None and form.precision < 0:
                    form.precision = None
                    complaint += "%!(BADPREC)"
                elif form.precision is None:
                    complaint += "%!(BADPREC)"
                self.after_index = False
            else:
                form.precision = self._digits() or 0
        if not self.after_index:
            self._index()
        if self.at >= end:
            return complaint + "%!(NOVERB)"
        verb = pattern[self.at]
        self.at += 1
        if form.minus:
            form.zero = False
        if verb == "%":
            return complaint + "%"
        if not self.good_number:
            return f"{complaint}%!{verb}(BADINDEX)"
        if self.number >= len(self.values):
            return f"{complaint}%!{verb}(MISSING)"
        value = self.values[self.number]
        self.number += 1
        return complaint + formatted(verb, value, form)

    def _digits(self) -> int | None:
        start = self.at
        while self.at < len(self.pattern) and "0" <= self.pattern[self.at] <= "9":
            self.at += 1
        if start == self.at:
            return None
        if self.at - start > 7 or int(self.pattern[start : self.at]) > _WIDEST:
            return None
        return int(self.pattern[start : self.at])

    def _star(self) -> int | None:
        """The argument that a `*` takes its number from; None when it has none."""
        if self.number >= len(self.values):
            return None
        value = self.values[self.number]
        self.number += 1
        if isinstance(value, int) and not isinstance(value, bool) and -_WIDEST <= value <= _WIDEST:
            return int(value)
        return None

    def _index(self) -> None:
        """An argument index such as [2]; a bad one is told at the verb."""
        if self.pattern[self.at : self.at + 1] != "[":
            return
        self.reordered = True
        close = self.pattern.find("]", self.at)
        if close < 0:
            self.good_number = False
            self.at += 1
            return
        inside = self.pattern[self.at + 1 : close]
        self.at = close + 1
        self.after_index = True
        if inside.isascii() and inside.isdigit() and 1 <= int(inside[:9]) <= len(self.values):
            self.number = int(inside) - 1
        else:
            self.good_number = False
