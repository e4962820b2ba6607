"""Functions on a text's letters: upper, lower and title case."""

from __future__ import annotations

from functools import cache
from unicodedata import category

from proxmox_mpc.charts.functions.texts import SPACES
from proxmox_mpc.charts.language.function import Functions
from proxmox_mpc.charts.language.go_types import go_bytes

LETTERS = Functions()


@cache
def upper_letter(letter: str) -> str:
    """Go maps a letter to one letter (ß stays); Python maps some to two, and their title case may still be one."""
    mapped = letter.upper()
    if len(mapped) == 1:
        return mapped
    titled = letter.title()
    return titled if len(titled) == 1 else letter


@cache
def lower_letter(letter: str) -> str:
    return letter.lower()[0]


@cache
def _title(letter: str) -> str:
    mapped = letter.title()
    return mapped if len(mapped) == 1 else letter


def runes(text: str) -> str:
    """A text as Go ranges over it: a byte that is no UTF-8 is U+FFFD."""
    if text.isascii():
        return text
    return "".join(["\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text])


@LETTERS.function("upper", takes="string")
def upper(text: str) -> str:
    return text.upper() if text.isascii() else "".join(map(upper_letter, runes(text)))


@LETTERS.function("lower", takes="string")
def lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(map(lower_letter, runes(text)))


@LETTERS.function("title", takes="string")
def title(text: str) -> str:
    """The first letter of every word in title case; a word ends where no letter, digit or underscore stands."""
    letters = []
    before = " "
    for letter in runes(text):
        letters.append(_title(letter) if _separates(before) else letter)
        before = letter
    return "".join(letters)


def _separates(letter: str) -> bool:
    if letter.isascii():
        return not (letter.isalnum() or letter == "_")
    return category(letter)[0] != "L" and category(letter) != "Nd" and letter in SPACES


@LETTERS.function("untitle", takes="string")
def untitle(text: str) -> str:
    """The first letter of every word in lower case; only white space parts words."""
    letters = []
    starts = True
    for letter in runes(text):
        letters.append(lower_letter(letter) if starts else letter)
        starts = letter in SPACES
    return "".join(letters)


@LETTERS.function("initials", takes="string")
def initials(text: str) -> str:
    """The first byte of every word; goutils takes each byte for a letter."""
    letters = []
    before = " "
    for letter in go_bytes(text).decode("latin-1"):
        if before in SPACES and letter not in SPACES:
            letters.append(letter)
        before = letter
    return "".join(letters)


@LETTERS.function("swapcase", takes="string")
def swapcase(text: str) -> str:
    letters = []
    starts = True
    for letter in runes(text):
        kind = category(letter)
        if kind in ("Lu", "Lt"):
            letters.append(lower_letter(letter))
            starts = False
        elif kind == "Ll":
            letters.append(_title(letter) if starts else upper_letter(letter))
            starts = False
        else:
            letters.append(letter)
            starts = letter in SPACES
    return "".join(letters)


@LETTERS.function("nospace", takes="string")
def nospace(text: str) -> str:
    """Without white space; goutils looks at bytes, so that other letters than ASCII break once a space is taken out."""
    kept = "".join([letter for letter in go_bytes(text).decode("latin-1") if letter not in SPACES])
    return text if len(kept) == len(go_bytes(text)) else kept
