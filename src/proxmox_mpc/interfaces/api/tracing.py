"""One id for all that a request causes: in its logs, its job, the audit and the requests to the cluster."""

from __future__ import annotations

import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxmox_mpc import telemetry

HEADER = "X-Correlation-ID"
_FITS = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_log = telemetry.Logger("api")


class Correlated:
    """Takes the client's id, where it brings a fitting one, and answers it; each request is one line in the log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(HEADER.lower().encode(), b"")
        known = given.decode() if _FITS.fullmatch(given) else uuid.uuid4().hex[:16]
        status, began = 500, time.monotonic()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = known
            await send(message)

        with telemetry.bound(correlation=known):
            try:
                await self._app(scope, receive, noted)
            finally:
                _log.info(
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    took_ms=round((time.monotonic() - began) * 1000, 1),
                )
