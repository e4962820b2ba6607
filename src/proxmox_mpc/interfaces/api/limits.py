"""What a request may be at most, and headers that every answer carries."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.interfaces.api import problems

LARGEST_BODY = 48 << 20
"""Bytes: a chart of 32 MiB in base64 with its values. Bodies are held in memory."""
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


class Limits:
    """Refuses bodies that are too large, also those that do not say how large they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        size, begun = 0, False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST_BODY:
                raise _large()
            return message

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        declared = dict(scope["headers"]).get(b"content-length", b"0")
        try:
            if not declared.isdigit() or int(declared) > LARGEST_BODY:
                raise _large()
            await self._app(scope, counted, with_headers)
        except TooLarge as error:
            if begun:
                raise
            await problems.answer(error)(scope, receive, with_headers)


def _large() -> TooLarge:
    return TooLarge("the request is too large", hint=f"at most {LARGEST_BODY >> 20} MiB")
