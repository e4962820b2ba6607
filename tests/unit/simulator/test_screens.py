"""The parts of consoles by themselves: screens, letters, channels, and viewers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import aiohttp
import pytest
from aiohttp import web

from proxmox_mpc.simulator.consoles import font, terminal
from proxmox_mpc.simulator.consoles.channel import Channel
from proxmox_mpc.simulator.consoles.console import Console
from proxmox_mpc.simulator.consoles.screen import Screen
from proxmox_mpc.simulator.consoles.sessions import Sessions


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("one\r\ntwo\rT", "one\nTwo"),
        ("abc\b\bX", "aXc"),
        ("\x1b[31mred\x1b[0m\x1b]0;title\x07!", "red!"),
        ("gone\x1b[2J\x1b[Hhere", "here"),
        ("ab\x1b[2;3Hc\x1b[1;1HX\x1b[K", "X\n  c"),
        ("a" * 81, "a" * 80 + "\na"),
        ("".join(f"{n}\r\n" for n in range(30)), "\n".join(str(n) for n in range(6, 30))),
    ],
)
def test_the_screen_follows_a_terminal(written: str, wanted: str) -> None:
    whole, pieces = Screen(), Screen()
    whole.feed(written)
    for letter in written:
        pieces.feed(letter)
    assert whole.text == pieces.text == wanted


def test_every_letter_has_a_shape_of_its_own() -> None:
    shapes = {font.rows(chr(code)) for code in range(32, 127)}
    assert len(shapes) == 95
    assert all(len(shape) == 16 and {len(row) for row in shape} == {9} for shape in shapes)


def test_noise_from_a_guest_is_neither_kept_nor_believed() -> None:
    screen = Screen()
    screen.feed(f"\x1b[{'9' * 5000}Dleft")
    assert screen.text == "left"
    screen.feed("\x1b]")
    for _ in range(100):
        screen.feed("a title without end")
    screen.feed("\r\nback")
    assert screen.text.endswith("\nback")


async def test_of_two_that_connect_at_once_one_is_served() -> None:
    session = Sessions().offer(0.0, "/vms/100", "amy@pve", _say_hello)
    assert session
    first, second = Deaf(), Deaf()
    await asyncio.gather(*(session.run(cast(web.WebSocketResponse, socket)) for socket in (first, second)))
    assert [first.got, second.got] == [[b"hello"], []]


async def test_a_viewer_that_does_not_read_is_shown_the_last_state_only() -> None:
    console, viewer = Console(), Stuck()
    channel = Channel(cast(web.WebSocketResponse, viewer))
    serving = asyncio.create_task(terminal.serve(channel, console, lambda user, ticket: True))
    pumping = asyncio.create_task(channel.pump())
    async with asyncio.timeout(5):
        await viewer.waits.wait()
    for number in range(5000):
        console.say(f"{number}\r\n")
    viewer.reads.set()
    console.ended.set()
    await serving
    pumping.cancel()
    seen = b"".join(viewer.got).decode()
    assert "4999" in seen
    assert len(viewer.got) < 1100


class Stuck:
    """A viewer that logs in, and then reads nothing until it `reads`."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.waits, self.reads = asyncio.Event(), asyncio.Event()

    async def send_bytes(self, data: bytes) -> None:
        if data != b"OK":
            self.waits.set()
            await self.reads.wait()
        self.got.append(data)

    async def __aiter__(self) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(type=aiohttp.WSMsgType.TEXT, data="amy@pve:ticket\n")
        await asyncio.Event().wait()


async def _say_hello(channel: Channel) -> None:
    await channel.send(b"hello")


class Deaf:
    """A websocket that sends nothing."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    async def send_bytes(self, data: bytes) -> None:
        self.got.append(data)

    async def __anext__(self) -> None:
        await asyncio.Event().wait()

    def __aiter__(self) -> Deaf:
        return self
