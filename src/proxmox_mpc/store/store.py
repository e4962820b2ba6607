"""The store: what Proxmox-MPC remembers, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from proxmox_mpc.settings import DatabaseSettings, async_database_url
from proxmox_mpc.store.secrets import SecretKey

if TYPE_CHECKING:
    from proxmox_mpc.store.api_tokens import ApiTokens
    from proxmox_mpc.store.applications import Applications
    from proxmox_mpc.store.attempts import Attempts
    from proxmox_mpc.store.audit import Audit
    from proxmox_mpc.store.baselines import Baselines
    from proxmox_mpc.store.chart_repositories import ChartRepositories
    from proxmox_mpc.store.claims import Claims
    from proxmox_mpc.store.contexts import Contexts
    from proxmox_mpc.store.events import Events
    from proxmox_mpc.store.grants import Grants
    from proxmox_mpc.store.groups import Groups
    from proxmox_mpc.store.idempotency import Idempotency
    from proxmox_mpc.store.jobs import Jobs
    from proxmox_mpc.store.kept_secrets import KeptSecrets
    from proxmox_mpc.store.leases import Leases
    from proxmox_mpc.store.login_providers import LoginProviders
    from proxmox_mpc.store.logins import Logins
    from proxmox_mpc.store.messages import Messages
    from proxmox_mpc.store.pending_logins import PendingLogins
    from proxmox_mpc.store.plans import Plans
    from proxmox_mpc.store.quiet import QuietPlans
    from proxmox_mpc.store.releases import Releases
    from proxmox_mpc.store.reservations import Reservations
    from proxmox_mpc.store.resources import Resources
    from proxmox_mpc.store.retention import Retention
    from proxmox_mpc.store.roles import Roles
    from proxmox_mpc.store.runs import Runs
    from proxmox_mpc.store.schedules import Schedules
    from proxmox_mpc.store.snapshots import Snapshots
    from proxmox_mpc.store.users import Users
    from proxmox_mpc.store.webhooks import Webhooks


def utc_now() -> datetime:
    """The time of the machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Store:
    """One part per noun; each call is one transaction."""

    contexts: Contexts
    applications: Applications
    resources: Resources
    plans: Plans
    runs: Runs
    events: Events
    snapshots: Snapshots
    reservations: Reservations
    baselines: Baselines
    kept_secrets: KeptSecrets
    quiet: QuietPlans
    releases: Releases
    chart_repositories: ChartRepositories
    jobs: Jobs
    claims: Claims
    idempotency: Idempotency
    schedules: Schedules
    messages: Messages
    leases: Leases
    users: Users
    webhooks: Webhooks
    groups: Groups
    roles: Roles
    grants: Grants
    logins: Logins
    login_providers: LoginProviders
    pending_logins: PendingLogins
    api_tokens: ApiTokens
    attempts: Attempts
    audit: Audit
    retention: Retention

    @property
    def kind(self) -> str:
        """Which database this is: SQLite or PostgreSQL."""
        return "SQLite" if self.jobs.database.is_sqlite else "PostgreSQL"

    async def ping(self) -> str:
        """Ask the database for anything; its kind."""
        await self.jobs.database.ping()
        return self.kind

    async def clock_ahead_s(self) -> float:
        """By how many seconds this process's clock is ahead of the database's."""
        return await self.jobs.database.clock_ahead_s()

    @staticmethod
    @asynccontextmanager
    async def open(
        url: str, *, key: SecretKey, now: Callable[[], datetime] = utc_now, settings: DatabaseSettings | None = None
    ) -> AsyncIterator[Store]:
        """Open the store of a database URL and bring its tables up to date; `now` tells aware times.

        Raises StoreUnavailable where the database cannot be opened, StoreTooNew where a newer version made
        it.
        """
        from proxmox_mpc.store._opening import assemble, opened  # SQLAlchemy costs start-up time

        async with opened(async_database_url(url), now, settings) as database:
            yield assemble(database, key)

    async def reseal(self) -> int:
        """Encrypt with the newest key what was encrypted with older ones; the number of records that changed.

        After it the old keys can be taken out of PROXMOX_SECRET_KEY.
        """
        from proxmox_mpc.store._resealing import reseal

        return await reseal(self.contexts.database, self.contexts.key)
