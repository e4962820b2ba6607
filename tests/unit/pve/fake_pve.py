"""A real HTTP server that plays PVE as a test tells it to, and a clock that a test moves."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from proxmox_mpc.pve import Clock, Password, Token
from tests.unit.pve.certificates import Certificate

TOKEN = Token("root@pam!test", "0c6e0c6e-1111-2222-3333-444455556666")
PASSWORD = Password("root@pam", "s3cret-word")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FakeTime:
    """Seconds that pass only when somebody sleeps or a test says so."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(now=lambda: self.seconds, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass
class FakePve:
    """Answers each path as its test says; everything that came is kept in `seen`."""

    url: str = ""
    version: str = "9.1.7"
    answers: dict[tuple[str, str], Handler] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    forms: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def on(self, method: str, path: str, *answers: Handler | Any) -> None:
        """Answer with these in turn, the last one for good; plain values become the `data` of a 200."""
        turns = list(answers)

        async def take_turns(request: web.Request) -> web.StreamResponse:
            answer = turns.pop(0) if len(turns) > 1 else turns[0]
            return await answer(request) if callable(answer) else web.json_response({"data": answer})

        self.answers[method, path] = take_turns

    def count(self, method: str, path: str) -> int:
        return self.seen.count((method, path))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.raw_path.removeprefix("/api2/json").partition("?")[0]
        self.seen.append((request.method, path))
        self.headers.append(dict(request.headers))
        if request.content_type == "application/x-www-form-urlencoded":
            form = await request.post()
            self.forms.append({key: [str(v) for v in form.getall(key)] for key in form})
        else:
            self.forms.append({key: request.query.getall(key) for key in request.query})
        handler = self.answers.get((request.method, path))
        if handler:
            return await handler(request)
        if path == "/version":
            return web.json_response({"data": {"version": self.version, "release": "9.1", "repoid": "abc"}})
        return refuse(501, f"Method '{request.method} {path}' not implemented")

    @asynccontextmanager
    async def serving(self, certificate: Certificate | None = None) -> AsyncIterator[FakePve]:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{rest:.*}", self.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.file, certificate.key_file)
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        port = runner.addresses[0][1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        try:
            yield self
        finally:
            await runner.cleanup()


def refuse(status: int, message: str, errors: dict[str, str] | None = None) -> web.Response:
    """PVE's way to say no."""
    body: dict[str, Any] = {"data": None, "message": message + "\n"}
    if errors:
        body["errors"] = errors
    return web.json_response(body, status=status, reason=message.splitlines()[0])


def refusing(status: int, message: str, errors: dict[str, str] | None = None) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        return refuse(status, message, errors)

    return handler


def raw(status: int, body: bytes = b"", content_type: str | None = None, reason: str | None = None) -> Handler:
    """Any answer at all, as a lying or broken server sends it."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.Response(status=status, body=body, reason=reason)
        if content_type is None:
            response.headers.popall("Content-Type", None)
        else:
            response.headers["Content-Type"] = content_type
        return response

    return handler


async def hang_up(request: web.Request) -> web.StreamResponse:
    """Take the request and break the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def dead_endpoint() -> str:
    """An endpoint on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
