"""Names in one style or another: `HTTPServer` as http_server, http-server, HttpServer; as xstrings 1.5 splits them."""

from __future__ import annotations

from unicodedata import category

from proxmox_mpc.charts.functions.letters import lower_letter, runes, upper_letter
from proxmox_mpc.charts.functions.texts import SPACES
from proxmox_mpc.charts.language.function import Functions

NAMING = Functions()


def _is_upper(letter: str) -> bool:
    return category(letter) == "Lu"


def _connects(letter: str) -> bool:
    return letter in "-_" or letter in SPACES


@NAMING.function("camelcase", takes="string")
def camelcase(text: str) -> str:
    """`http_server` as `HttpServer`: the letter after `-`, `_` or a space is upper case; leading ones stay."""
    letters = runes(text)
    body = letters.lstrip("-_" + SPACES)
    if not body:
        return letters + letters[-1:]  # xstrings writes the last one twice
    result = [letters[: len(letters) - len(body)]]
    shouting = _is_upper(body[0])  # a word that began in upper case is lower case until one that is not
    before = upper_letter(body[0])
    for letter in body[1:]:
        if _connects(before):
            if _connects(letter):
                result.append(before)
            else:
                shouting = _is_upper(letter)
                letter = upper_letter(letter)
        else:
            if shouting and _is_upper(letter):
                letter = lower_letter(letter)
            else:
                shouting = False
            result.append(before)
        before = letter
    result.append(before)
    return "".join(result)


@NAMING.function("snakecase", takes="string")
def snakecase(text: str) -> str:
    return _joined(_words(runes(text)), "_")


@NAMING.function("kebabcase", takes="string")
def kebabcase(text: str) -> str:
    return _joined(_words(runes(text)), "-")


# The sorts of words in a name, as xstrings splits it.
_GAP, _PUNCTUATION, _CAPITALS, _SMALL, _NUMBER, _OTHER = range(6)


def _sort(letter: str) -> int:
    if _connects(letter):
        return _GAP
    kind = category(letter)
    if kind[0] == "P":
        return _PUNCTUATION
    if kind == "Lu":
        return _CAPITALS
    if kind[0] == "L":
        # Chinese, Japanese and the like have no case, and are no alphabet.
        return _OTHER if "\u3034" <= letter <= "\u30ff" or "\u3400" <= letter <= "\u9fff" else _SMALL
    return _NUMBER if kind[0] == "N" else _OTHER


def _words(text: str) -> list[tuple[int, str]]:
    """A name's words: `HTTPServer2` as HTTP, Server, 2."""
    words: list[tuple[int, str]] = []
    sorts = [_sort(letter) for letter in text]
    at = 0
    while at < len(text):
        sort, end = sorts[at], at + 1
        same = _run(sorts, end, sort)
        if sort == _PUNCTUATION:  # hyphens and underscores among other signs are no gaps
            while same < len(text) and category(text[same])[0] == "P":
                same += 1
        if sort == _CAPITALS:
            following = sorts[same] if same < len(text) else None
            if same == end:
                same = _run(sorts, end, _SMALL)
            elif following == _SMALL:
                same -= 1
        words.append((sort, text[at:same]))
        at = same
    return words


def _run(sorts: list[int], start: int, sort: int) -> int:
    while start < len(sorts) and sorts[start] == sort:
        start += 1
    return start


def _joined(words: list[tuple[int, str]], connector: str) -> str:
    """Words with a connector between; a number stands with what is before it, or with small letters after it."""
    result: list[str] = []
    last = len(words) - 1
    at = 0
    while at <= last:
        sort, word = words[at]
        result.append(_lowered(sort, word, connector))
        at += 1
        if at > last or sort in (_GAP, _PUNCTUATION):
            continue
        if sort != _NUMBER and words[at][0] == _NUMBER and at < last:
            if words[at + 1][0] == _SMALL:
                result.append(connector)
            result.append(words[at][1])
            at += 1
            sort = _NUMBER if words[at][0] == _SMALL else _OTHER
        elif sort != _NUMBER and words[at][0] == _NUMBER:
            continue
        while sort == _NUMBER and at <= last and words[at][0] in (_SMALL, _NUMBER):
            result.append(words[at][1])
            at += 1
        if at <= last and words[at][0] not in (_GAP, _PUNCTUATION):
            result.append(connector)
    return "".join(result)


def _lowered(sort: int, word: str, connector: str) -> str:
    if sort == _GAP:
        return connector * len(word)
    return "".join(map(lower_letter, word)) if sort == _CAPITALS else word
