"""One id for all that a request causes: in its logs, its job, the audit and the requests to the cluster."""

from __future__ import annotations

import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proxmox_mpc import telemetry
from proxmox_mpc.telemetry import metrics, tracing

HEADER = "X-Correlation-ID"
_FITS = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")
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

        parent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        with telemetry.bound(correlation=known), tracing.span(f"HTTP {scope['method']}", parent, path=scope["path"]):
            try:
                await self._app(scope, receive, noted)
            finally:
                took_s, method = time.monotonic() - began, scope["method"]
                method = method if method in _METHODS else "other"
                # The route, not the path: there are few of them.
                route = getattr(scope.get("route"), "path", "") or "none"
                metrics.HTTP_REQUESTS.add(method=method, route=route, status=str(status))
                metrics.HTTP_SECONDS.observe(took_s, method=method, route=route)
                took_ms = round(took_s * 1000, 1)
                _log.info("request", method=method, path=scope["path"], status=status, took_ms=took_ms)
