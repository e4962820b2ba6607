"""The server side of RFB 3.8 (RFC 6143), showing a text screen to one viewer.

VNC authentication, raw pixels in the viewer's own format, updates of those rows that changed since the viewer's last
one, and new sizes for viewers that know the DesktopSize pseudo-encoding.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import struct
import warnings
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, modes

from proxmox_mpc.simulator.consoles import font, keys, picture
from proxmox_mpc.simulator.consoles.channel import Channel, first_of
from proxmox_mpc.simulator.consoles.console import Console
from proxmox_mpc.simulator.consoles.picture import PixelFormat

_VERSION = b"RFB 003.008\n"
_VNC_AUTHENTICATION = 2
_RAW, _DESKTOP_SIZE = 0, -223

# Nobody pastes more than this.
_LONGEST_CUT_TEXT = 1 << 20


class _Rude(Exception):
    """The viewer does not keep to the protocol, or does not know the password: the connection ends."""


def expected_response(password: str, challenge: bytes) -> bytes:
    """DES of the challenge; the key is the password's first eight letters, each byte's bits reversed."""
    with warnings.catch_warnings():
        # Nothing else is spoken by VNC's authentication.
        warnings.simplefilter("ignore")
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

        key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password.encode()[:8].ljust(8, b"\0"))
        cipher = Cipher(TripleDES(key * 3), modes.ECB())  # noqa: S305
    encryptor = cipher.encryptor()
    return encryptor.update(challenge) + encryptor.finalize()


@dataclass
class _Viewer:
    """What is known of the one who looks: what it wants, and what it was sent last."""

    console: Console
    channel: Channel
    pixels: PixelFormat = field(default_factory=PixelFormat)
    encodings: tuple[int, ...] = (_RAW,)
    size: tuple[int, int] = (0, 0)
    sent: list[tuple[str, int | None]] = field(default_factory=list)
    wants: bool = False
    wants_all: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    has_control: bool = False


async def serve(channel: Channel, console: Console, password: str, name: str) -> None:
    """Let the viewer in if it knows the password, then show and listen until it goes. Raises nothing for rude ones."""
    viewer = _Viewer(console, channel)
    console.screen.on_change.append(viewer.changed.set)
    try:
        await _greet(viewer, password, name)
        await first_of(_listen(viewer), _show(viewer), console.ended.wait())
    except (_Rude, ValueError, asyncio.IncompleteReadError):
        return
    finally:
        console.screen.on_change.remove(viewer.changed.set)


async def _greet(viewer: _Viewer, password: str, name: str) -> None:
    channel = viewer.channel
    await channel.send(_VERSION)
    if (await channel.read(12))[:10] != _VERSION[:10]:
        raise _Rude("another protocol")
    await channel.send(bytes([1, _VNC_AUTHENTICATION]))
    if (await channel.read(1))[0] != _VNC_AUTHENTICATION:
        raise _Rude("another authentication")
    challenge = secrets.token_bytes(16)
    await channel.send(challenge)
    if not hmac.compare_digest(await channel.read(16), expected_response(password, challenge)):
        complaint = b"Authentication failed"
        await channel.send(struct.pack(">II", 1, len(complaint)) + complaint)
        raise _Rude("wrong password")
    await channel.send(struct.pack(">I", 0))
    await channel.read(1)
    viewer.size = picture.size(viewer.console.screen)
    title = name.encode()
    await channel.send(struct.pack(">HH", *viewer.size) + viewer.pixels.pack() + struct.pack(">I", len(title)) + title)


async def _listen(viewer: _Viewer) -> None:
    channel = viewer.channel
    while True:
        kind = (await channel.read(1))[0]
        if kind == 0:
            viewer.pixels = PixelFormat.unpack((await channel.read(19))[3:])
            viewer.sent = []
            if not viewer.pixels.true_colour:
                await _send_colours(channel)
        elif kind == 2:
            count = struct.unpack(">xH", await channel.read(3))[0]
            viewer.encodings = struct.unpack(f">{count}i", await channel.read(4 * count))
        elif kind == 3:
            is_incremental = (await channel.read(9))[0]
            viewer.wants, viewer.wants_all = True, viewer.wants_all or not is_incremental
            viewer.changed.set()
        elif kind == 4:
            down, keysym = struct.unpack(">BxxI", await channel.read(7))
            _press(viewer, bool(down), keysym)
        elif kind == 5:
            await channel.read(5)
        elif kind == 6:
            length = struct.unpack(">xxxI", await channel.read(7))[0]
            if length > _LONGEST_CUT_TEXT:
                raise _Rude("too much text")
            await channel.read(length)
        else:
            raise _Rude(f"message {kind}")


async def _send_colours(channel: Channel) -> None:
    """The colours that pixels are numbers of, with 16 bits each."""
    table = b"".join(struct.pack(">HHH", *(part * 257 for part in colour)) for colour in picture.COLOURS)
    await channel.send(struct.pack(">BxHH", 1, 0, len(picture.COLOURS)) + table)


def _press(viewer: _Viewer, down: bool, keysym: int) -> None:
    if keysym in keys.CONTROLS:
        viewer.has_control = down
    elif down and (text := keys.of_keysym(keysym, viewer.has_control)):
        viewer.console.type(text)


async def _show(viewer: _Viewer) -> None:
    """Answer each request for an update once there is something to show."""
    while True:
        await viewer.changed.wait()
        viewer.changed.clear()
        if not viewer.wants:
            continue
        rectangles = _new_size(viewer) or _changed_rows(viewer)
        if rectangles:
            viewer.wants = viewer.wants_all = False
            await viewer.channel.send(struct.pack(">BxH", 0, len(rectangles)) + b"".join(rectangles))


def _rectangle(y: int, width: int, height: int, encoding: int) -> bytes:
    return struct.pack(">HHHHi", 0, y, width, height, encoding)


def _new_size(viewer: _Viewer) -> list[bytes]:
    """The screen's size, when it is another one and the viewer can follow; it then asks for all of it."""
    size = picture.size(viewer.console.screen)
    if size == viewer.size or _DESKTOP_SIZE not in viewer.encodings:
        return []
    viewer.size, viewer.sent = size, []
    return [_rectangle(0, *size, _DESKTOP_SIZE)]


def _changed_rows(viewer: _Viewer) -> list[bytes]:
    """Rows of text that look different from what was sent, each as a rectangle as wide as the viewer's screen."""
    screen, (width, height) = viewer.console.screen, viewer.size
    columns, rows = width // font.CELL_WIDTH, height // font.CELL_HEIGHT
    now: list[tuple[str, int | None]] = []
    for row in range(rows):
        text = screen.shown(row) if row < screen.rows else ""
        now.append((text[:columns].ljust(columns), screen.column if row == screen.row else None))
    known = [] if viewer.wants_all else viewer.sent
    found = [
        _rectangle(row * font.CELL_HEIGHT, width, font.CELL_HEIGHT, _RAW) + picture.draw_row(*shown, viewer.pixels)
        for row, shown in enumerate(now)
        if row >= len(known) or known[row] != shown
    ]
    viewer.sent = now
    return found
