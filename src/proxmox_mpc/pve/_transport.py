"""From a request to its reply: endpoints with failover, passes, places, and what is tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proxmox_mpc.pve._auth import Gate, Pass
from proxmox_mpc.pve._endpoints import Endpoints
from proxmox_mpc.pve._failures import Lost, NotSent, NotTrusted
from proxmox_mpc.pve._limits import Limits, Slots
from proxmox_mpc.pve._pace import STRUGGLING
from proxmox_mpc.pve.answers import Answer, Reply, read_answer
from proxmox_mpc.pve.clock import Clock
from proxmox_mpc.pve.errors import (
    AuthenticationFailed,
    ClusterUnreachable,
    ConnectionLost,
    Locked,
    NoQuorum,
    PveError,
    UntrustedCertificate,
)
from proxmox_mpc.pve.request import Request
from proxmox_mpc.pve.retry import Retry, may_repeat
from proxmox_mpc.pve.target import Target
from proxmox_mpc.telemetry import Logger, metrics, tracing

if TYPE_CHECKING:
    from proxmox_mpc.pve._wire import Wire
    from proxmox_mpc.pve.witness import Witness

_NO_PASS = Pass({})
_log = Logger("pve")


class Transport:
    """The way to one cluster."""

    def __init__(
        self,
        target: Target,
        wire: Wire,
        *,
        clock: Clock,
        random: Callable[[], float],
        limits: Limits,
        retry: Retry,
    ) -> None:
        self.witness: Witness | None = None
        self._wire = wire
        self._clock = clock
        self._random = random
        self._retry = retry
        self._slots = Slots(limits, clock.now)
        self._endpoints = Endpoints(target.endpoints, clock.now)
        self._gate = Gate(target.auth, self._login, clock)

    async def send(self, request: Request) -> Reply:
        """The reply to a request, tried again where that is safe; a typed `PveError` otherwise."""
        try:
            reply = await self._insistently(request)
        except PveError:
            if self.witness is not None:
                self.witness.missed()
            raise
        if self.witness is not None:
            self.witness.saw(request, reply)
        return reply

    async def _insistently(self, request: Request) -> Reply:
        began, tries = self._clock.now(), 0
        while True:
            tries += 1
            try:
                async with self._slots.at(request.node):
                    return await self._paced(request)
            except PveError as error:
                if request.once and isinstance(error, Locked | NoQuorum):
                    raise
                pause = self._retry.pause_s(tries, self._random())
                spent = self._clock.now() - began
                if tries >= self._retry.tries or spent + pause > self._retry.total_s:
                    raise
                if not may_repeat(error, reading=request.reading, was_connected=self._endpoints.ever_answered):
                    raise
                _log.info("trying again", method=request.method, path=request.path, why=error.message, pause_s=pause)
                await self._clock.sleep(pause)

    async def _paced(self, request: Request) -> Reply:
        """How it goes tells how many may be under way at once."""
        began = self._clock.now()
        try:
            reply = await self._with_pass(request)
        except PveError as error:
            if error.status in STRUGGLING or isinstance(error, ConnectionLost):
                self._slots.pace.struggled()
            raise
        self._slots.pace.answered(self._clock.now() - began, reading=request.reading)
        return reply

    async def _with_pass(self, request: Request) -> Reply:
        """A ticket may be refused early (the cluster's key changed): then once more with a new one."""
        given = await self._gate.pass_for(request)
        try:
            return await self._anywhere(request, given)
        except AuthenticationFailed:
            if not self._gate.forget(given):
                raise
            given = await self._gate.pass_for(request)
            return await self._anywhere(request, given)

    async def log_in(self) -> str:
        """Log in now; as whom."""
        return await self._gate.log_in()

    async def _login(self, request: Request) -> object:
        """A login changes nothing on the cluster, so it fails over like a read."""
        return (await self._anywhere(request, _NO_PASS, repeatable=True)).data

    async def _anywhere(self, request: Request, given: Pass, *, repeatable: bool = False) -> Reply:
        """Ask the endpoints in order until one answers; a write goes on only if it surely was not sent."""
        failures: dict[str, Exception] = {}
        for endpoint in self._endpoints.in_order():
            try:
                answer = await self._ask(endpoint, request, given)
            except NotSent as failure:
                failures[endpoint] = failure
            except Lost as failure:
                failures[endpoint] = failure
                if not (request.reading or repeatable):
                    self._endpoints.failed(endpoint)
                    raise ConnectionLost(
                        f"{endpoint}: {failure}; the {request.method} may or may not have been carried out",
                        method=request.method,
                        path=request.path,
                    ) from None
            else:
                self._endpoints.answered(endpoint)
                for passed_over, why in failures.items():
                    _log.warning("endpoint was passed over", endpoint=passed_over, why=str(why), used=endpoint)
                return read_answer(answer, method=request.method, path=request.path)
            self._endpoints.failed(endpoint)
        raise _nobody(failures, request)

    async def _ask(self, endpoint: str, request: Request, given: Pass) -> Answer:
        path, form, headers = request.path, None, dict(given.headers)
        if request.upload:
            headers |= request.upload.headers
        elif request.method in ("POST", "PUT"):
            form = request.encoded()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif request.pairs:  # PVE refuses a body on GET and DELETE (9.1.7: 501)
            path = f"{path}?{request.encoded()}"
        body = request.upload.body if request.upload else None
        status = "none"  # nobody answered
        try:
            with (
                tracing.span(f"PVE {request.method}", path=request.path, endpoint=endpoint),
                metrics.PVE_SECONDS.timed(method=request.method),
            ):
                answer = await self._wire.exchange(endpoint, request.method, path, headers, form=form, body=body)
            status = str(answer.status)
            return answer
        finally:
            metrics.PVE_REQUESTS.add(method=request.method, status=status)
            _log.debug("request", method=request.method, path=request.path, endpoint=endpoint, status=status)


def _nobody(failures: dict[str, Exception], request: Request) -> PveError:
    """No endpoint answered: each with its reason, and a certificate that is not trusted before all else."""
    lines = [f"{endpoint}: {failure}" for endpoint, failure in failures.items()]
    message = lines[0] if len(lines) == 1 else "no endpoint answers:\n  " + "\n  ".join(lines)
    for failure in failures.values():
        if isinstance(failure, NotTrusted):
            return UntrustedCertificate(message, hint=failure.hint, method=request.method, path=request.path)
    return ClusterUnreachable(message, method=request.method, path=request.path)
