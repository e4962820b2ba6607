"""Plans that were shown are remembered for a while: so that one can be approved, and what moved since can be shown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import PlanView

if TYPE_CHECKING:
    from proxmox_mpc.store import SavedPlan

LIFETIME = timedelta(days=7)
"""A plan older than a working week was reviewed against a cluster that nobody remembers."""


async def keep(session: Session, shown: PlanView) -> SavedPlan:
    """Remember a plan as it was shown."""
    from proxmox_mpc.store import SavedPlan

    now, page = session.now(), shown.model_dump(mode="json", by_alias=True)
    saved = SavedPlan(shown.hash, shown.context, shown.application, session.actor, page, now, now + LIFETIME)
    await (await session.store()).plans.save(saved)
    return saved
