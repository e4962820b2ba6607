"""The Session: what an action may use. Built by `bootstrap`; each part is opened when it is first asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._gate import AuditEntry, passed
from proxmox_mpc.applications.ownership import owned_by_key
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.stop import Stop
from proxmox_mpc.errors import UsageError
from proxmox_mpc.kinds._kind import Key, Owned
from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.actions._action import Action
    from proxmox_mpc.people.session_tokens import SessionTokens
    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store import Context, LoginProvider, Store

T = TypeVar("T")
LOOK_S = 0.25
"""How often it is looked for something new where nobody is woken: a person sees no difference to at once."""


async def _keep_nothing(entry: AuditEntry) -> None:
    pass


def _no_logins() -> SessionTokens:
    raise UsageError("nobody logs in to this store: it is no server's", hint="proxmox-cli login URL")


async def _anywhere(url: str) -> None:
    """On a machine of one's own, one may go everywhere."""


async def _answers_for_nobody(provider: LoginProvider) -> Any:
    raise UsageError("nobody else answers for people here")


@dataclass(frozen=True)
class FoundContext:
    """A context, where it comes from (`environment`, a file, `store`), and whether it would be chosen now."""

    context: Context
    source: str
    current: bool


@dataclass(frozen=True)
class Twin:
    """A running copy of a cluster, without its secrets: `session` is one on it, whose store is thrown away.

    `refused` is what the copy could not take. `cause` makes a fault happen there and raises UsageError for one that
    cannot be; `calm` ends all faults. `work` tells how many seconds each task's work lasts on hardware, by UPID.
    """

    session: Session
    refused: list[str]
    cause: Callable[[str], Awaitable[None]]
    calm: Callable[[], Awaitable[None]]
    work: Callable[[], Awaitable[Mapping[str, float]]]


async def _wake_nobody(*topics: str) -> None:
    """Where nothing waits in this process: others look now and then."""


def _hear_nobody(topic: Any) -> Callable[[float], Awaitable[None]]:
    """Where nobody is woken: one looks again soon."""
    return lambda seconds: asyncio.sleep(min(seconds, LOOK_S))


def _send_nowhere(id: str) -> None:
    """Where workers look into the table themselves."""


@dataclass
class Session:
    """One actor's session: the store, the chosen context, its cluster, and where progress goes.

    `who` acts and what that one may is checked by `carry_out`, through which every action goes: here that is the gate
    (`_gate.passed`), in a session on a server it asks the server. `record` writes the audit.

    `open_store` and `open_cluster` enter their parts into the exit stack that the session's end unwinds.
    `choose_context` answers the context that the user means (flag, environment, workspace, store), `check_context`
    raises UsageError for one that could never be opened. `fingerprint` turns a secret into what may be stored and
    compared; `seal` and `unseal` encrypt with the store's key. `find_action` finds another action by its name
    (NotFoundError), `fetch` reads a URL with a user and password, if any (NotFoundError, UnreachableError).
    `open_twin` starts a twin of a seed, which ends with the exit stack, and in any case with this process.
    """

    who: Who
    open_store: Callable[[AsyncExitStack], Awaitable[Store]]
    choose_context: Callable[[Session], Awaitable[Context]]
    list_contexts: Callable[[Session], Awaitable[list[FoundContext]]]
    check_context: Callable[[Context], None]
    open_cluster: Callable[[AsyncExitStack, Context], Awaitable[Cluster]]
    open_twin: Callable[[AsyncExitStack, Session, dict[str, Any]], Awaitable[Twin]]
    fingerprint: Callable[[str], str]
    seal: Callable[[str], str]
    unseal: Callable[[str], str]
    now: Callable[[], datetime]
    new_uid: Callable[[], str]
    find_action: Callable[[str], Action[Any, Any]]
    fetch: Callable[[str, str, str], Awaitable[bytes]]
    report: Callable[[Progress], None] = lambda progress: None
    stop: Stop = field(default_factory=Stop)
    wake: Callable[..., Awaitable[None]] = _wake_nobody
    """Tells other parts that there is something to look at: `jobs`, `messages`, `schedules`."""
    listen: Callable[[Any], Callable[[float], Awaitable[None]]] = _hear_nobody
    """Asked before one looks: what waits, for so many seconds at the most, until there may be more to look at."""
    dispatch: Callable[[str], None] = _send_nowhere
    """Has a job's id sent to workers, where a broker carries ids; waits for nobody."""
    job: str = ""
    """The job that is being done, if it is one: what it begins can be found, and continued."""
    carry_out: Callable[[Session, Action[Any, Any], Any], Awaitable[Any]] = passed
    record: Callable[[AuditEntry], Awaitable[None]] = _keep_nothing
    served: bool = False
    """Whether this is a server's session, for somebody elsewhere: this machine's files are not theirs."""
    session_tokens: Callable[[], SessionTokens] = _no_logins
    """What makes and reads the tokens of logins, on a server."""
    open_provider: Callable[[LoginProvider], Awaitable[Any]] = _answers_for_nobody
    """Opens who else answers for people: a `people.providers.Provider`, of the kind that its type is."""
    may_reach: Callable[[str], Awaitable[None]] = _anywhere
    """Whether what is sent to a URL later may go there (OutboundRefused); a host that nobody knows by now may."""
    own_url: str = ""
    """How others reach this server."""
    prepared: Any = None
    """The plan that was made last, for the next action of the very same wish; see `actions/_planning.py`."""
    rendered: Any = None
    """The chart that was rendered last, likewise; see `actions/_releases.py`."""
    _parts: AsyncExitStack = field(default_factory=AsyncExitStack)
    _store: Store | None = None
    _context: Context | None = None
    _cluster: Cluster | None = None

    @property
    def actor(self) -> str:
        """The name under which history and audit know who acts."""
        return self.who.name

    @property
    def known_context(self) -> str:
        """The context's name, if one was chosen by now."""
        return self._context.name if self._context is not None else ""

    async def store(self) -> Store:
        if self._store is None:
            self._store = await self.open_store(self._parts)
        return self._store

    async def context(self) -> Context:
        """The context that the user means. Raises NoContext with how to make one."""
        if self._context is None:
            self._context = await self.choose_context(self)
        return self._context

    async def cluster(self) -> Cluster:
        if self._cluster is None:
            self._cluster = await self.open_cluster(self._parts, await self.context())
        return self._cluster

    async def view(self) -> View:
        """A fresh look at the cluster: what was read before is not remembered."""

        async def remembered() -> Mapping[Key, Owned]:
            return await owned_by_key(await self.store(), (await self.context()).name)

        return View(await self.cluster(), self.fingerprint, remembered=remembered)

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._parts.aclose()
