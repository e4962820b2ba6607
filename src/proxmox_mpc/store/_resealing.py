"""Encrypting anew with the newest key: every column of every table that is called sealed_…"""

from __future__ import annotations

from sqlalchemy import Table, or_, select, update

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import metadata
from proxmox_mpc.store.secrets import SecretKey

_BATCH = 200
"""Rows of one transaction: others need not wait long for their turn."""


async def reseal(database: Database, key: SecretKey) -> int:
    """The number of records that were encrypted with older keys, and are with the newest now."""
    return sum([await _table(database, key, table) for table in metadata.sorted_tables])


async def _table(database: Database, key: SecretKey, table: Table) -> int:
    sealed = [column for column in table.c if column.name.startswith("sealed_")]
    if not sealed:
        return 0
    # An empty text stands for no secret in some columns.
    outdated = or_(*((column != "") & ~column.startswith(key.mark, autoescape=True) for column in sealed))
    changed = 0
    while True:
        async with database.write() as connection:
            query = select(*table.primary_key, *sealed).where(outdated).limit(_BATCH).with_for_update()
            rows = (await connection.execute(query)).all()
            for row in rows:
                this = [column == row._mapping[column.name] for column in table.primary_key]
                texts = {column.name: row._mapping[column.name] for column in sealed}
                fresh = {name: key.seal(key.unseal(text)) for name, text in texts.items() if text}
                await connection.execute(update(table).where(*this).values(fresh))
        changed += len(rows)
        if len(rows) < _BATCH:
            return changed
