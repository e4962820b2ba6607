"""The HTTP server below the pipeline: aiohttp's, except that a method nobody knows is answered as PVE does."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod

# The parser's complaint quotes the request line.
_REQUEST_LINE = re.compile(r"b'([A-Za-z-]+) ")


# An installation image is a few gigabytes. What is no upload is held to PVE's own, much smaller limit later.
_LARGEST_BODY = 16 * 1024**3


class _Protocol(web.RequestHandler):
    __slots__ = ()

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

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any) -> None:
        super().__init__(handler, request_factory=self._request, **options)

    def _request(self, *parts: Any) -> web.BaseRequest:
        return web.BaseRequest(*parts, self._loop, client_max_size=_LARGEST_BODY)

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=self._loop, **self._kwargs)
