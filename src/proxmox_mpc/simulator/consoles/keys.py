"""Keys by their names on the wire, as the text that a terminal gets from them."""

from __future__ import annotations

# Keysyms (RFC 6143, 7.5.4) of keys that are no letters.
_KEYSYMS = {
    0xFF08: "\b", 0xFF09: "\t", 0xFF0D: "\r", 0xFF1B: "\x1b", 0xFF8D: "\r", 0xFFFF: "\x7f",
    0xFF51: "\x1b[D", 0xFF52: "\x1b[A", 0xFF53: "\x1b[C", 0xFF54: "\x1b[B",
    **{0xFFB0 + digit: str(digit) for digit in range(10)},
}  # fmt: skip
CONTROLS = frozenset({0xFFE3, 0xFFE4})

# QEMU's names for keys (`sendkey` of the monitor), on an American keyboard.
_NAMES = {
    "ret": "\r", "kp_enter": "\r", "spc": " ", "backspace": "\b", "delete": "\x7f", "tab": "\t", "esc": "\x1b",
    "minus": "-", "equal": "=", "dot": ".", "comma": ",", "slash": "/", "backslash": "\\", "semicolon": ";",
    "apostrophe": "'", "grave_accent": "`", "bracket_left": "[", "bracket_right": "]",
}  # fmt: skip
_SHIFTED = dict(zip("1234567890-=[];'`\\,./", '!@#$%^&*()_+{}:"~|<>?', strict=True))


def of_keysym(keysym: int, with_control: bool) -> str:
    """What a terminal gets from a key of a viewer; nothing from keys that only mean something with others."""
    if 0x20 <= keysym <= 0x7E or 0xA0 <= keysym <= 0xFF:
        letter = chr(keysym)
        return chr(ord(letter.upper()) & 0x1F) if with_control and letter.isascii() and letter.isalpha() else letter
    return _KEYSYMS.get(keysym, "")


def of_name(name: str) -> str:
    """What a terminal gets from a key combination such as `shift-a`, `ctrl-c` or `ret`."""
    *modifiers, key = name.split("-")
    letter = _NAMES.get(key, key if len(key) == 1 else "")
    if "ctrl" in modifiers:
        return chr(ord(letter.upper()) & 0x1F) if letter.isascii() and letter.isalpha() else ""
    if "shift" in modifiers:
        return _SHIFTED.get(letter, letter.upper())
    return letter
