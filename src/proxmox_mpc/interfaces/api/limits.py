"""What a request may be at most, and headers that every answer carries."""

from __future__ import annotations

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxmox_mpc.errors import InvalidInput, MpcError
from proxmox_mpc.interfaces.api import problems
from proxmox_mpc.interfaces.api.identity import bearer_of, somebody

LARGEST_BODY = 48 << 20
"""Bytes: a chart of 32 MiB in base64 with its values. Bodies are held in memory."""
UNKNOWN_BODY = 128 << 10
"""Bytes that somebody may send who is not known yet: the answers of identity providers have up to 60,000 letters, which
forms write with some more, and reading JSON costs more than sending it."""
BODY_WITHIN_S = 120.0
"""How long a body may take to come, however little of it comes at a time."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class TooLarge(InvalidInput):
    """The request is too large."""

    code = "input.too-large"
    http_status = 413


class TooSlow(InvalidInput):
    """The request took too long to come."""

    code = "input.too-slow"
    http_status = 408


class Limits:
    """Refuses bodies that are too large, also those that do not say how large they are, and those that never end.

    Much is read only from those who are logged in, before it is read.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, begun = _Body(scope, receive), False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        async def unless_refused(message: Message) -> None:
            # What is made of a body that was refused half-way is not what is wrong with it.
            if body.refused is None or begun:
                await with_headers(message)

        try:
            await body.begin()
            await self._app(scope, body.read, unless_refused)
        except MpcError as error:
            if begun or error is not body.refused:
                raise
        if body.refused is not None and not begun:
            await problems.answer(body.refused)(scope, receive, with_headers)


class _Body:
    """A request's body, as far as it came."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope, self._receive = scope, receive
        self._size, self._is_known, self._ended = 0, False, False
        self._until = asyncio.get_running_loop().time() + BODY_WITHIN_S
        self.refused: MpcError | None = None

    async def begin(self) -> None:
        declared = dict(self._scope["headers"]).get(b"content-length", b"0")
        await self._allow(int(declared) if declared.isdigit() else LARGEST_BODY + 1)

    async def read(self) -> Message:
        if self._ended:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise self._no(TooSlow(hint=f"a body may take {BODY_WITHIN_S:g} s")) from None
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        self._size += len(message.get("body", b""))
        await self._allow(self._size)
        return message

    async def _allow(self, size: int) -> None:
        if size > LARGEST_BODY:
            raise self._no(TooLarge(hint=f"at most {LARGEST_BODY >> 20} MiB"))
        if size <= UNKNOWN_BODY or self._is_known:
            return
        request = Request(self._scope)
        try:
            if (bearer := await bearer_of(request)) is None:
                raise TooLarge(hint=f"without a login at most {UNKNOWN_BODY >> 10} KiB")
            await somebody(request, bearer)
        except MpcError as error:
            raise self._no(error) from None
        self._is_known = True

    def _no(self, error: MpcError) -> MpcError:
        self.refused = error
        return error
