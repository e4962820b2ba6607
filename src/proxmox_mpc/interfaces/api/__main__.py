"""Serve: the API in this process, until it is told to end. Settings come from the environment; see docs/server.md."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from types import FrameType

import uvicorn

from proxmox_mpc.bootstrap.background import Background, observe, open_background
from proxmox_mpc.bootstrap.simulators import simulated
from proxmox_mpc.errors import MpcError
from proxmox_mpc.interfaces.api.app import make_app
from proxmox_mpc.settings import Settings

GRACE_S = 20
"""How long open requests may take once the server is told to end; an orchestrator kills after 30 s by default."""


class NotStarted(MpcError):
    """The server could not start."""

    code = "server.not-started"


class Draining(uvicorn.Server):
    """Tells the world that it ends (health: 503) before it stops to listen, so that requests are sent elsewhere."""

    opened: Background | None = None
    simulate = False
    drain_s = 0
    _ends_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self.opened is not None:
            # Only now: the secret of the first admin is told once, and whoever cannot listen tells nobody.
            secret = await self.opened.serving.first_admin()
            print(hello(self.opened.settings, secret, simulate=self.simulate), flush=True)  # noqa: T201  the answer

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.opened is not None:
            self.opened.draining = True
        if sig == signal.SIGTERM and self.drain_s and self._ends_at is None:  # asked once more: at once
            self._ends_at = time.monotonic() + self.drain_s
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._ends_at is not None and time.monotonic() >= self._ends_at:
            self.should_exit = True
        return await super().on_tick(counter)


def serve(settings: Settings, *, simulate: bool) -> int:
    """Serve until SIGTERM or Ctrl-C; then finish what is being done, and give back what would take longer."""
    told = settings.server

    @asynccontextmanager
    async def opened() -> AsyncIterator[Background]:
        async with AsyncExitStack() as parts:
            one = await parts.enter_async_context(open_background(settings))
            if simulate:
                await simulated(parts, one.serving)
            server.opened = one
            await one.begin(parts)
            yield one

    config = uvicorn.Config(
        make_app(settings, opened),
        host=told.host,
        port=told.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(told.trusted_proxies),
        forwarded_allow_ips=list(told.trusted_proxies) or None,
        timeout_graceful_shutdown=GRACE_S,
        ws="websockets-sansio",
    )
    server = Draining(config)
    server.simulate, server.drain_s = simulate, told.drain_s
    with suppress(SystemExit):  # uvicorn ends the process where it cannot listen; what that means is said below
        server.run()
    if not server.started:
        raise NotStarted(
            f"port {told.port} of {told.host} cannot be listened to", hint="SERVER_PORT or --port: another"
        )
    return 0


def hello(settings: Settings, secret: str | None, *, simulate: bool) -> str:
    """Where it is, and how to come in: for people, on a terminal or in a container's log."""
    url = settings.server.shown_url
    lines = [f"Proxmox-MPC serves at {url}", f"  documentation   {url}/api/v1/docs"]
    if simulate:
        lines.append("  cluster         simulated, as context `simulated`; nothing of it is real")
    if secret is not None:
        lines += [
            "",
            "The first admin was made. This password is shown once, and has to be changed at the first login:",
            "",
            "  user      admin",
            f"  password  {secret}",
            "",
            f"  proxmox-cli login {url} --user admin",
        ]
    return "\n".join([*lines, "", "Ctrl-C ends it."])


def main(arguments: list[str]) -> int:
    settings = Settings.load()
    observe(settings, "server")
    return serve(settings, simulate="--simulate" in arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except MpcError as error:
        sys.stderr.write(f"error: {error}\n" + (f"  → {error.hint}\n" if error.hint else ""))
        sys.exit(error.exit_code)
