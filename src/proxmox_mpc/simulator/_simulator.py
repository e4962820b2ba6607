"""The simulator as a thing to start and stop."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from proxmox_mpc.simulator import (
    _certificate,
    _control,
    _persist,
    _replay,
    _seed,
    _seed_format,
    answers,
    daemons,
    presets,
)
from proxmox_mpc.simulator._daemons import Daemons
from proxmox_mpc.simulator._faults import Faults
from proxmox_mpc.simulator._http import Api, Requests
from proxmox_mpc.simulator._routes import routes
from proxmox_mpc.simulator._server import Server
from proxmox_mpc.simulator.machines.host import Host, Qemu
from proxmox_mpc.simulator.state.access import Token, User, hash_password
from proxmox_mpc.simulator.state.clock import Clock, ScaledClock
from proxmox_mpc.simulator.state.cluster import Cluster

log = logging.getLogger("proxmox_mpc.simulator")

ADMIN = "root@pam"
TOKEN_NAME = "proxmox-mpc"  # noqa: S105 the token's name, not its secret

# PVE closes idle connections after about this long (facts: answers to idle keep-alive, 9.1).
_IDLE_S = 5.0
_SAVE_EVERY_S = 1.0

# Whoever still waits for an answer when the simulator ends gets so much time for it.
_FAREWELL_S = 0.5


class Simulator:
    """A PVE cluster on loopback: `async with Simulator() as sim: … sim.url …`.

    `preset` is demo, golden or empty; `nodes` and `guests` say how many (guests are made up, the same for the same
    `guest_seed`); `time_scale` stretches every wait (0: none, 1: as on hardware); `pve_version` is 9.1 or 8.4 (the
    seed's, else 9.1, when not given); `seed` is a seed file or its content (see `docs/simulator.md`), and what of its
    requests was refused stands in `refused` once it has started; `persist` is a file that the state is read from and
    written to; `resources_lag_s` is how late `/cluster/resources` sees a change; `faults` are caused at the start,
    written as for `--fault`. `token_secret` and `password` are made up when not given.
    `qemu` runs virtual machines for real: True, or a `Qemu` that says how.
    """

    def __init__(
        self,
        preset: str = "demo",
        *,
        nodes: int = 3,
        guests: int = 0,
        guest_seed: int = 1,
        password: str = "",
        token_secret: str = "",
        time_scale: float = 0.0,
        pve_version: str = "",
        seed: str | Path | dict[str, Any] | None = None,
        persist: str | Path | None = None,
        clock: Clock | None = None,
        tls: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        resources_lag_s: float = 0.0,
        faults: Sequence[str] = (),
        qemu: bool | Qemu = False,
    ) -> None:
        answers.load()
        daemons.load()
        self._persist = Path(persist) if persist else None
        self._asked: list[dict[str, Any]] = []
        self._unfit: list[str] = []
        self.password = password or uuid.uuid4().hex
        stored = _persist.open_file(self._persist) if self._persist else None
        self.cluster = stored or self._fresh(preset, nodes, guests, guest_seed, pve_version, seed)
        self.cluster.clock = clock or ScaledClock(time_scale)
        self.cluster.time_scale = time_scale
        self.cluster.resources_lag_s = resources_lag_s
        self.token = f"{ADMIN}!{TOKEN_NAME}={self._admit(token_secret)}"
        self.faults = Faults(self.cluster)
        for text in faults:
            _control.apply_text(self.faults, text)
        self._api = Api(self.cluster, routes(self.cluster.version), self.faults)
        if qemu:
            self.cluster.host = Host(self.cluster, qemu if isinstance(qemu, Qemu) else Qemu())
            if stored:
                # What ran ended with the simulator that ran it, as after a loss of power.
                for guest in self.cluster.guests.values():
                    guest.run = None if guest.is_qemu else guest.run
        self._tls = tls
        self._host = host
        self.port = port
        self.fingerprint = ""
        self.refused: list[str] = []
        self._runner: web.ServerRunner | None = None
        self._daemons = Daemons(self.cluster)
        self._saver: asyncio.Task[None] | None = None

    def _fresh(
        self,
        preset: str,
        nodes: int,
        guests: int,
        guest_seed: int,
        version: str,
        seed: str | Path | dict[str, Any] | None,
    ) -> Cluster:
        content = _seed.read(Path(seed)) if isinstance(seed, (str, Path)) else {} if seed is None else seed
        _seed_format.check(content)
        cluster = presets.make(preset, nodes, guests, guest_seed)
        cluster.version = version or content.get("version", "9.1")
        _seed.plant(cluster, {**content, "guests": self._fit(cluster, content.get("guests", ()))})
        self._asked = content.get("requests", [])
        return cluster

    def _fit(self, cluster: Cluster, guests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The seed's guests without what their API would never have taken; that is told with what was refused."""
        fitting = []
        for guest in guests:
            method = routes(cluster.version).method("POST", f"/nodes/{{node}}/{guest['type']}")
            kept, told = _seed_format.drop_unfit(guest, method.parameters)
            fitting.append(kept)
            self._unfit += told
        return fitting

    def _admit(self, token_secret: str) -> str:
        root = self.cluster.access.users.setdefault(ADMIN, User())
        root.password = hash_password(self.password)
        known = root.tokens.get(TOKEN_NAME)
        secret = token_secret or (known.secret if known else str(uuid.uuid4()))
        self.has_token = self.cluster.has_ready_token or bool(token_secret)
        if self.has_token:
            root.tokens[TOKEN_NAME] = Token(secret, privsep=False)
        return secret

    @property
    def requests(self) -> Requests:
        """The latest requests as (method, path), and how many there were in all (`.total`)."""
        return self._api.requests

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self._host}:{self.port}"

    @property
    def greeting(self) -> dict[str, Any]:
        """What the command line prints when the simulator listens."""
        return {
            "url": self.url,
            "fingerprint": self.fingerprint,
            "user": ADMIN,
            "password": self.password,
            **({"token": self.token} if self.has_token else {}),
            "nodes": list(self.cluster.nodes),
            **({"refused": self.refused} if self.refused else {}),
        }

    async def start(self) -> None:
        """Listen. Afterwards `url`, `port` and `fingerprint` are true."""
        context = None
        if self._tls:
            made = _certificate.make(list(self.cluster.nodes))
            self.fingerprint, self.cluster.certificate, context = made.fingerprint, made.pem, made.context
            self.cluster.fingerprint = made.fingerprint
        self.refused = self._unfit + await _replay.play(self.cluster, self._api.routes, self._asked)
        server = Server(self._api.handle, keepalive_timeout=_IDLE_S, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_FAREWELL_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port, ssl_context=context, backlog=1024)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._daemons.start()
        if self._persist:
            self._saver = asyncio.create_task(self._save_now_and_then(self._persist))

    async def stop(self) -> None:
        """Stop listening, end the running tasks, save if asked to."""
        await self._daemons.stop()
        self.cluster.consoles.end_all()
        for task in [*self.cluster.running.values(), *([self._saver] if self._saver else [])]:
            task.cancel()
        await asyncio.gather(*self.cluster.running.values(), return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        if self.cluster.host:
            await self.cluster.host.stop()
        if self._persist:
            _persist.write(self._persist, self.cluster)

    async def _save_now_and_then(self, path: Path) -> None:
        saved = -1
        while True:
            await asyncio.sleep(_SAVE_EVERY_S)
            if saved != self.cluster.changed:
                saved = self.cluster.changed
                _persist.write(path, self.cluster)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
