"""One PVE cluster, as the rest of the project talks to it."""

from __future__ import annotations

import asyncio
import random as _random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from proxmox_mpc.pve import request as requests
from proxmox_mpc.pve import tasks, uploads
from proxmox_mpc.pve._limits import Limits
from proxmox_mpc.pve._shared import Shared
from proxmox_mpc.pve._transport import Transport
from proxmox_mpc.pve.answers import Reply
from proxmox_mpc.pve.clock import Clock
from proxmox_mpc.pve.errors import UnexpectedAnswer
from proxmox_mpc.pve.facts import Facts
from proxmox_mpc.pve.request import Request
from proxmox_mpc.pve.retry import Retry
from proxmox_mpc.pve.target import Target
from proxmox_mpc.pve.tasks import TaskResult
from proxmox_mpc.pve.upid import Upid
from proxmox_mpc.pve.version import Version

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from proxmox_mpc.pve.witness import Witness

_UPLOAD = "/nodes/{node}/storage/{storage}/upload"


class Cluster:
    """A connection to one cluster: `async with Cluster(target) as pve`.

    Paths are templates (`/nodes/{node}/qemu/{vmid}/config`), filled from the parameters. Each request is
    checked against the schema of the cluster's version before it is sent (`ParametersRejected`), bounded per
    cluster and per node, and tried again only where that is safe. What the cluster refuses is raised as a
    typed `PveError`.
    """

    def __init__(
        self,
        target: Target,
        *,
        clock: Clock | None = None,
        random: Callable[[], float] = _random.random,
        limits: Limits | None = None,
        retry: Retry | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self.target = target
        self._resolver = resolver
        self._clock = clock or Clock()
        self._random = random
        self._limits = limits or Limits()
        self._retry = retry or Retry()
        self._open = AsyncExitStack()
        self._transport: Transport | None = None
        self._version: Version | None = None
        self._ask_version = Shared(self._fetch_version)

    async def __aenter__(self) -> Cluster:
        from proxmox_mpc.pve._wire import Wire  # aiohttp costs start-up time: only who connects pays it

        wire = await self._open.enter_async_context(Wire(self.target.trust, self._limits, self._resolver))
        self._transport = Transport(
            self.target,
            wire,
            clock=self._clock,
            random=self._random,
            limits=self._limits,
            retry=self._retry,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport = None
        await self._open.aclose()

    async def get(self, template: str, params: Mapping[str, Any] | None = None, /, **more: Any) -> Any:
        """The `data` of a read."""
        return (await self.get_with(template, params, **more)).data

    async def get_with(self, template: str, params: Mapping[str, Any] | None = None, /, **more: Any) -> Reply:
        """A read with what stands beside its `data`: `total` of lists, `changes` of networks."""
        return await self._call("GET", template, {**(params or {}), **more})

    async def post(self, template: str, params: Mapping[str, Any] | None = None, /, **more: Any) -> Any:
        """Create or start something; often a UPID to `wait` for."""
        return (await self._call("POST", template, {**(params or {}), **more})).data

    async def put(self, template: str, params: Mapping[str, Any] | None = None, /, **more: Any) -> Any:
        """Change something."""
        return (await self._call("PUT", template, {**(params or {}), **more})).data

    async def delete(self, template: str, params: Mapping[str, Any] | None = None, /, **more: Any) -> Any:
        """Remove something; often a UPID to `wait` for."""
        return (await self._call("DELETE", template, {**(params or {}), **more})).data

    async def once(self, verb: str, template: str, params: Mapping[str, Any] | None = None, /) -> Any:
        """A write that is sent once: `Locked` and `NoQuorum` are raised at once, for the caller waits in the open."""
        return (await self._call(verb, template, params or {}, True)).data

    @contextmanager
    def witnessed(self) -> Iterator[Witness]:
        """What is read of the cluster inside, as one fingerprint."""
        from proxmox_mpc.pve.witness import Witness

        witness = self._sender.witness = Witness()
        try:
            yield witness
        finally:
            self._sender.witness = None

    async def read_again(self, reads: Iterable[tuple[str, tuple[tuple[str, str], ...], str]]) -> str:
        """The fingerprint of what these reads (path, parameters, node; as a witness saw them) answer now."""
        with self.witnessed() as witness:
            requests = [Request("GET", path, pairs, node) for path, pairs, node in reads]
            await asyncio.gather(*map(self._sender.send, requests))
        return witness.fingerprint

    async def log_in(self) -> str:
        """Log in now instead of with the first request; the user, as the cluster writes it.

        Raises AuthenticationFailed, SecondFactorNeeded.
        """
        return await self._sender.log_in()

    async def version(self) -> Version:
        """The cluster's version, asked once per connection."""
        return self._version or await self._ask_version()

    async def api(self) -> Facts:
        """What the cluster's version takes."""
        return Facts.load((await self.version()).facts)

    @property
    def facts(self) -> Facts:
        """What the cluster's version takes, once the version is known; before, what the newest takes."""
        return Facts.load(self._version.facts if self._version else "9.1")

    async def wait(
        self,
        upid: str | Upid,
        *,
        on_log: Callable[[str], Awaitable[None] | None] | None = None,
        timeout_s: float | None = None,
        log_after_s: float = 0.0,
    ) -> TaskResult:
        """Wait until a task ended. `on_log` gets its log lines as they come.

        Raises `TaskFailed` with the reason and the last log lines, and `TaskUnfinished` after `timeout_s`
        (the task goes on then). A task that ended with warnings succeeded. Of one that takes less than `log_after_s` no
        log is read.
        """
        return await tasks.wait(
            self.get, self._clock, _upid(upid), on_log=on_log, timeout_s=timeout_s, log_after_s=log_after_s
        )

    def task_log(self, upid: str | Upid) -> AsyncIterator[str]:
        """The lines of a task's log, as they come, until it ended."""
        return tasks.follow(self.get, self._clock, _upid(upid))

    async def stop_task(self, upid: str | Upid) -> None:
        """Ask the cluster to stop a task; stopping one that ended is no error."""
        task = _upid(upid)
        await self.delete("/nodes/{node}/tasks/{upid}", node=task.node, upid=str(task))

    async def upload(
        self,
        node: str,
        storage: str,
        content: str,
        source: Path | bytes,
        filename: str,
        *,
        checksum: str | None = None,
        on_progress: uploads.Progress | None = None,
    ) -> str:
        """Send a file to a storage; the UPID of the task that puts it in its place.

        `content` is `iso`, `vztmpl` or `import`; `checksum` is written `sha256:…` and verified by the node;
        `on_progress` gets the bytes sent and their total.
        """
        fields = {"content": content}
        if checksum:
            algorithm, _, digest = checksum.rpartition(":")
            fields |= {"checksum-algorithm": algorithm or "sha256", "checksum": digest}
        checked = requests.build(
            await self.api(),
            "POST",
            _UPLOAD,
            {"node": node, "storage": storage, "filename": filename, **fields},
        )
        upload = uploads.prepare(source, filename, fields, on_progress)
        reply = await self._sender.send(replace(checked, upload=upload))
        if not isinstance(reply.data, str):
            raise UnexpectedAnswer("the cluster took the file but named no task", method="POST", path=checked.path)
        return reply.data

    async def _fetch_version(self) -> Version:
        reply = await self._sender.send(Request("GET", "/version"))
        self._version = Version.from_answer(reply.data)
        return self._version

    async def _call(self, verb: str, template: str, params: Mapping[str, Any], once: bool = False) -> Reply:
        request = requests.build(await self.api(), verb, template, params)
        return await self._sender.send(replace(request, once=once) if once else request)

    @property
    def _sender(self) -> Transport:
        if self._transport is None:
            raise RuntimeError("the cluster is not open: use `async with Cluster(...)`")
        return self._transport


def _upid(upid: str | Upid) -> Upid:
    return upid if isinstance(upid, Upid) else Upid.parse(str(upid))
