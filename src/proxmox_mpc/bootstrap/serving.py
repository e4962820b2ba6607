"""What a server's process has once, and the sessions that it opens on it: one for each request and job."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._auditing import keep
from proxmox_mpc.actions._authentication import authenticate
from proxmox_mpc.actions._gate import AuditEntry, NotAllowed
from proxmox_mpc.actions._session import FoundContext, Session, Twin
from proxmox_mpc.bootstrap import clusters, find_action
from proxmox_mpc.bootstrap.contexts import NoContext, UnknownContext
from proxmox_mpc.bootstrap.fetching import fetch
from proxmox_mpc.bootstrap.outbound import Outbound
from proxmox_mpc.bootstrap.pool import ClusterPool
from proxmox_mpc.bootstrap.providers import Opening
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import UsageError
from proxmox_mpc.people.first_admin import ensure_admin
from proxmox_mpc.people.session_tokens import SessionTokens
from proxmox_mpc.settings import Settings
from proxmox_mpc.store.store import utc_now

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster
    from proxmox_mpc.store import Context, Store
    from proxmox_mpc.store.secrets import SecretKey


def _quiet(progress: Progress) -> None:
    pass


@dataclass
class Serving:
    """The store, connections to clusters, and the key: shared by all sessions of a process."""

    settings: Settings
    key: SecretKey
    store: Store
    now: Callable[[], datetime] = utc_now
    clusters: ClusterPool = field(init=False)
    own_endpoints: set[str] = field(default_factory=set)
    """Endpoints that this process made known itself: its simulated cluster."""

    def __post_init__(self) -> None:
        self.clusters = ClusterPool(self.outbound.resolver("cluster"))

    @cached_property
    def tokens(self) -> SessionTokens:
        """What makes and reads the tokens of logins."""
        told = self.settings.server
        return SessionTokens.of(told.jwt_keys, told.access_token_minutes, self.key)

    @property
    def outbound(self) -> Outbound:
        return Outbound(self.settings.server.outbound_allow)

    def session(self, who: Who, context: str = "", *, report: Callable[[Progress], None] = _quiet) -> Session:
        """A session of somebody elsewhere; `context` names one of the store, else it is the store's current one."""

        async def open_store(parts: AsyncExitStack) -> Store:
            return self.store

        async def choose(session: Session) -> Context:
            return await self._choose(session, context)

        async def listed(session: Session) -> list[FoundContext]:
            return await self._listed(session, context)

        async def record(entry: AuditEntry) -> None:
            await keep(self.store, entry)

        return Session(
            who=who,
            open_store=open_store,
            choose_context=choose,
            list_contexts=listed,
            check_context=self._check,
            open_cluster=self._open_cluster,
            open_twin=self._open_twin,
            fingerprint=self.key.fingerprint,
            seal=self.key.seal,
            unseal=self.key.unseal,
            now=self.now,
            new_uid=lambda: uuid.uuid4().hex[:12],
            find_action=find_action,
            fetch=partial(fetch, outbound=self.outbound),
            report=report,
            record=record,
            served=True,
            session_tokens=lambda: self.tokens,
            open_provider=Opening(
                self.store, self.now, self.outbound, self.own_endpoints, self.settings.server.shown_url
            ).open,
            may_reach=self.outbound.check_url,
            own_url=self.settings.server.shown_url,
        )

    async def authenticate(self, token: str, *, address: str, correlation: str) -> Who:
        """Who comes with an access token or a personal token. Raises NotLoggedIn."""
        return await authenticate(self.store, self.tokens, token, address=address, correlation=correlation)

    async def first_admin(self) -> str | None:
        """The secret of the first admin, where there was no user yet and this process made it."""
        return await ensure_admin(self.store)

    async def _choose(self, session: Session, wanted: str) -> Context:
        """Raises UnknownContext, also for one that this user may do nothing in: then it does not exist for him."""
        visible = await self._listed(session, wanted)
        if found := next((one.context for one in visible if one.current), None):
            return found
        names = ", ".join(one.context.name for one in visible)
        if wanted:
            hint = f"contexts: {names}" if names else "no context is open to this user"
            raise UnknownContext(f"there is no context {wanted!r}", hint=hint)
        if not visible and await self.store.contexts.list():
            raise NotAllowed(
                f"nothing is granted to {session.who.name} in any context",
                hint=f"an admin does: proxmox-cli grant add ROLE --user {session.who.name}",
            )
        if not visible:
            raise NoContext("there is no context", hint="proxmox-cli config set-context NAME --endpoint … makes one")
        raise NoContext("no context is chosen", hint=f"--context NAME, or ?context=NAME: {names}")

    async def _listed(self, session: Session, wanted: str) -> list[FoundContext]:
        everything = await self.store.contexts.list()
        may = set(session.who.access.contexts([context.name for context in everything]))
        visible = [context for context in everything if context.name in may]
        chosen = wanted or await self.store.contexts.current() or ""
        if not wanted and chosen not in may:
            chosen = visible[0].name if len(visible) == 1 else ""
        return [FoundContext(context, "store", context.name == chosen) for context in visible]

    def _check(self, context: Context) -> None:
        if context.ca and "-----BEGIN" not in context.ca:
            raise UsageError("the CA is no PEM text", hint="give the certificate itself: files are the server's own")
        clusters.check(context)

    async def _open_cluster(self, parts: AsyncExitStack, context: Context) -> Cluster:
        await self.outbound.check_endpoints(set(context.endpoints) - self.own_endpoints)
        return await parts.enter_async_context(self.clusters.use(context))

    async def _open_twin(self, parts: AsyncExitStack, session: Session, seed: dict[str, Any]) -> Twin:
        from proxmox_mpc.bootstrap import twins

        return await twins.open_twin(parts, session, seed, self.key)
