"""What the store remembers of owned resources, in the engine's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.applications.clusters import RECORD
from proxmox_mpc.kinds._kind import Key, Owned

if TYPE_CHECKING:
    from proxmox_mpc.store import OwnedResource, Store


async def owned_by_key(store: Store, context: str) -> dict[Key, Owned]:
    """All that is owned on this context, whatever the application."""
    return {
        record_key(record): _owned(record) for record in await store.resources.list(context) if record.kind != RECORD
    }


def record_key(record: OwnedResource) -> Key:
    return Key(record.kind, record.namespace, record.name)


def _owned(record: OwnedResource) -> Owned:
    return Owned(record_key(record), record.uid, record.application, record.identity, _copy(record.applied))


def _copy(applied: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if applied is None else dict(applied)


def of_application(owned: Mapping[Key, Owned], application: str) -> dict[Key, Owned]:
    return {key: item for key, item in owned.items() if item.application == application}


def to_record(owned: Owned, context: str, now: datetime) -> OwnedResource:
    from proxmox_mpc.store import OwnedResource

    return OwnedResource(
        context=context,
        kind=owned.key.kind,
        namespace=owned.key.namespace,
        name=owned.key.name,
        uid=owned.uid,
        application=owned.application,
        identity=dict(owned.identity),
        applied=_copy(owned.applied),
        updated_at=now,
    )
