"""The HTTP server below the pipeline: aiohttp's, except that a method nobody knows is answered as PVE does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod

# The parser's complaint quotes the request line.
_REQUEST_LINE = re.compile(r"b'([A-Za-z-]+) ")


# An installation image is a few gigabytes. What is no upload is held to PVE's own, much smaller limit later.
_LARGEST_BODY = 16 * 1024**3


# PVE's server closes a connection after so many answers, however busy it is (facts, 9.1).
_ANSWERS_PER_CONNECTION = 100

_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Protocol(web.RequestHandler):
    __slots__ = ("answered",)
    answered: int

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        found = _REQUEST_LINE.search(str(exc)) if isinstance(exc, BadHttpMethod) else None
        if found is None:
            return super().handle_error(request, status, exc, message)
        response = web.Response(status=501, reason=f"method '{found[1]}' not available")
        response.force_close()
        return response


class Server(web.Server):
    """Hands each connection to a protocol of ours; bodies may be as large as images are."""

    def __init__(self, handler: _Handler, **options: Any) -> None:
        super().__init__(_closing(handler), request_factory=self._request, **options)

    def _request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=_LARGEST_BODY)

    def __call__(self) -> web.RequestHandler:
        protocol = _Protocol(self, loop=self._loop, **self._kwargs)
        protocol.answered = 0
        return protocol


def _closing(handler: _Handler) -> _Handler:
    """The handler, whose last answer on a connection says that it closes."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        response = await handler(request)
        protocol = cast(_Protocol, request.protocol)
        protocol.answered += 1
        if protocol.answered >= _ANSWERS_PER_CONNECTION and not response.prepared:
            response.force_close()
        return response

    return handle
