"""What the gate writes down becomes a record of the store's audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxmox_mpc.actions._gate import AuditEntry

if TYPE_CHECKING:
    from proxmox_mpc.store import Store


async def keep(store: Store, entry: AuditEntry) -> None:
    """Append an entry to the audit's chain."""
    who = entry.who
    await store.audit.append(
        entry.type,
        who.name,
        entry.action,
        outcome=entry.outcome,
        context=entry.context,
        subject=entry.subject,
        detail={**entry.detail, **({"token": who.token_id} if who.token_id else {})},
        address=who.address,
        correlation=who.correlation,
    )
