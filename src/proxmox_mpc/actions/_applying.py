"""The applier of a session: what apply, rollback and delete write through."""

from __future__ import annotations

from proxmox_mpc.actions._session import Session
from proxmox_mpc.applications.apply import Applier
from proxmox_mpc.kinds import find_kind


async def applier(session: Session) -> Applier:
    store = await session.store()
    return Applier(store, session.actor, find_kind, session.now, session.new_uid, session.report, session.job)
