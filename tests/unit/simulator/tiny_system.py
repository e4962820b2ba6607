"""A guest small enough to be written here: a boot sector that greets, echoes keys, and obeys the power button.

It prints through the BIOS in text mode, echoes what is typed on the keyboard or on COM1 to both, and switches the machine
off when the ACPI power button was pressed. SeaBIOS puts the power management's ports at 0x600 on both of QEMU's boards.
"""

from __future__ import annotations

import struct

GREETING = "TINY SYSTEM READY> "

_ORIGIN = 0x7C00
_PRINT = bytes.fromhex("B40E BB0700 CD10")  # mov ah,0Eh; mov bx,7; int 10h


def _jump(opcode: int, label: str) -> tuple[int, str]:
    return opcode, label


_PROGRAM: list[bytes | str | tuple[int, str]] = [
    bytes.fromhex("31C0 8ED8 FC FB B80300 CD10 BE"),  # ds = 0, interrupts on, clear the screen, si =
    "address of text",
    "next letter", bytes.fromhex("AC 08C0"), _jump(0x74, "printed"), _PRINT, _jump(0xEB, "next letter"),
    "printed", bytes.fromhex("BA0206 B80001 EF"),  # let the power button set its bit: out 602h, 100h
    "sleep", bytes.fromhex("F4"),  # until the timer ticks or a key is pressed
    bytes.fromhex("BA0006 ED F6C401"), _jump(0x75, "off"),  # in ax, 600h: was the power button pressed?
    bytes.fromhex("BAFD03 EC 3CFF"), _jump(0x74, "keyboard"),  # no serial port there
    bytes.fromhex("A801"), _jump(0x75, "serial"),
    "keyboard", bytes.fromhex("B401 CD16"), _jump(0x74, "sleep"), bytes.fromhex("B400 CD16"),
    "show", bytes.fromhex("BAF803 EE"), _PRINT, _jump(0xEB, "sleep"),
    "serial", bytes.fromhex("BAF803 EC"), _jump(0xEB, "show"),
    "off", bytes.fromhex("BA0406 B80020 EF"), "halt", bytes.fromhex("F4"), _jump(0xEB, "halt"),
    "text",
]  # fmt: skip


def image(size: int = 1024**2) -> bytes:
    """A raw disk that boots."""
    places, position = dict[str, int](), 0
    for part in _PROGRAM:
        if part == "address of text":
            position += 2
        elif isinstance(part, str):
            places[part] = position
        else:
            position += len(part)
    code = b""
    for part in _PROGRAM:
        if isinstance(part, bytes):
            code += part
        elif isinstance(part, tuple):
            code += struct.pack("<Bb", part[0], places[part[1]] - len(code) - 2)
        elif part == "address of text":
            code += struct.pack("<H", _ORIGIN + places["text"])
    sector = (code + GREETING.encode() + b"\0").ljust(510, b"\0") + b"\x55\xaa"
    assert len(sector) == 512
    return sector.ljust(size, b"\0")
