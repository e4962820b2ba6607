"""What a text screen looks like: pixels in whatever format a viewer wants them."""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass

from proxmox_mpc.simulator.consoles import font
from proxmox_mpc.simulator.consoles.screen import Screen

# VGA's black and light grey.
COLOURS = ((0, 0, 0), (170, 170, 170))

# The cursor is an underline of so many pixel rows.
_CURSOR_HEIGHT = 2


@dataclass(frozen=True)
class PixelFormat:
    """How a viewer wants its pixels (RFC 6143, 7.4). Without `true_colour` a pixel is the number of a colour."""

    bits: int = 32
    depth: int = 24
    big_endian: bool = False
    true_colour: bool = True
    maxima: tuple[int, int, int] = (255, 255, 255)
    shifts: tuple[int, int, int] = (16, 8, 0)

    @classmethod
    def unpack(cls, data: bytes) -> PixelFormat:
        """From the 16 bytes of the protocol. Raises ValueError for pixels that nobody can draw."""
        bits, depth, big, true, red, green, blue, *shifts = struct.unpack(">BBBBHHHBBB3x", data)
        if bits not in (8, 16, 32) or any(shift >= bits for shift in shifts):
            raise ValueError(f"pixels of {bits} bits")
        return cls(bits, depth, bool(big), bool(true), (red, green, blue), (shifts[0], shifts[1], shifts[2]))

    def pack(self) -> bytes:
        flags = (self.bits, self.depth, self.big_endian, self.true_colour)
        return struct.pack(">BBBBHHHBBB3x", *flags, *self.maxima, *self.shifts)

    def pixel(self, colour: int) -> bytes:
        """One pixel of the numbered colour."""
        value = colour
        if self.true_colour:
            parts = zip(COLOURS[colour], self.maxima, self.shifts, strict=True)
            value = sum((part * maximum // 255) << shift for part, maximum, shift in parts)
        mask = (1 << self.bits) - 1
        return (value & mask).to_bytes(self.bits // 8, "big" if self.big_endian else "little")


def size(screen: Screen) -> tuple[int, int]:
    """Width and height in pixels."""
    return screen.columns * font.CELL_WIDTH, screen.rows * font.CELL_HEIGHT


@functools.lru_cache(maxsize=1024)
def _cell(letter: str, has_cursor: bool, pixels: PixelFormat) -> tuple[bytes, ...]:
    paper, ink = pixels.pixel(0), pixels.pixel(1)
    rows = [b"".join(ink if dot else paper for dot in row) for row in font.rows(letter)]
    if has_cursor:
        rows[-_CURSOR_HEIGHT:] = [ink * font.CELL_WIDTH] * _CURSOR_HEIGHT
    return tuple(rows)


def draw_row(text: str, cursor: int | None, pixels: PixelFormat) -> bytes:
    """One row of text as its pixel rows; `cursor` is the column that it stands in, if it does."""
    cells = [_cell(letter, column == cursor, pixels) for column, letter in enumerate(text)]
    return b"".join(b"".join(line) for line in zip(*cells, strict=True))
