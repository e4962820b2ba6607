"""Text that is too long: shortened, or broken into lines. Lengths are bytes, as goutils counts."""

from __future__ import annotations

from proxmox_mpc.charts.language.function import Functions, affordable
from proxmox_mpc.charts.language.go_types import go_bytes, go_text

WRAPPING = Functions()

_DOTS = b"..."
# goutils refuses widths that leave no room for a letter beside the dots.
_MIN_WIDTH, _MIN_WIDTH_BOTH = 4, 7


@WRAPPING.function("abbrev", takes="int, string")
def abbrev(width: int, text: str) -> str:
    return text if width < _MIN_WIDTH else _abbreviated(text, 0, width)


@WRAPPING.function("abbrevboth", takes="int, int, string")
def abbrev_both(offset: int, width: int, text: str) -> str:
    if width < _MIN_WIDTH or (offset > 0 and width < _MIN_WIDTH_BOTH):
        return text
    return _abbreviated(text, offset, width)


def _abbreviated(text: str, offset: int, width: int) -> str:
    raw = go_bytes(text)
    if len(raw) <= width:
        return text
    room = width - len(_DOTS)
    offset = min(offset, len(raw) - room)
    if offset <= _MIN_WIDTH:
        return go_text(raw[:room] + _DOTS)
    if offset + room < len(raw):
        return go_text(_DOTS + raw[offset : offset + room - len(_DOTS)] + _DOTS)
    return go_text(_DOTS + raw[-room:])


@WRAPPING.function("wrap", takes="int, string")
def wrap(width: int, text: str) -> str:
    return _wrapped(text, width, "\n", break_words=False)


@WRAPPING.function("wrapWith", takes="int, string, string")
def wrap_with(width: int, separator: str, text: str) -> str:
    return _wrapped(text, width, separator or "\n", break_words=True)


def _wrapped(text: str, width: int, separator: str, *, break_words: bool) -> str:
    """Lines of at most `width` bytes, broken at spaces; a longer word stays whole unless `break_words`."""
    raw = go_bytes(text)
    width = max(width, 1)
    lines: list[bytes] = []
    at = 0
    while len(raw) - at > width:
        if raw[at] == ord(" "):
            at += 1
            continue
        end = raw.rfind(b" ", at, at + width + 1)
        if end < 0 and break_words:
            lines.append(raw[at : at + width])
            at += width
            continue
        if end < 0:
            end = raw.find(b" ", at + width)
        if end < 0:
            break
        lines.append(raw[at:end])
        at = end + 1
    lines.append(raw[at:])
    affordable(len(raw) + len(lines) * len(separator))
    return go_text(go_bytes(separator).join(lines))
