"""The audit: what was done, by whom, as a chain in which every change, gap and missing end shows.

Each record's hash is made with a key that only whoever has the store's own key can open, and covers the hash before.
How long the chain is and how it ends stands in a second place, proved by the same key. What is found broken stays so:
later records never make it whole. Only a database that was put back as a whole, chain and end, looks like what it is,
an older one: `verify` sees that, too, where it is told a hash that was written down elsewhere.
"""

from __future__ import annotations

import builtins
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from proxmox_mpc.store._database import Database
from proxmox_mpc.store.models import audit, audit_chain
from proxmox_mpc.store.people_records import AuditRecord, ChainState
from proxmox_mpc.store.secrets import SecretKey

_BATCH = 1000
"""Records that are read at once: a long chain never stands in memory."""
_ROW = 1
"""The one row of the chain's table."""


@dataclass(frozen=True)
class Audit:
    """The chain: it is only ever appended to."""

    database: Database
    key: SecretKey

    async def append(
        self,
        type: str,
        actor: str,
        action: str,
        *,
        outcome: str,
        context: str = "",
        subject: str = "",
        detail: Mapping[str, Any] | None = None,
        address: str = "",
        correlation: str = "",
    ) -> AuditRecord:
        """Write one record behind the last. Raises SecretUnreadable where the store's key is another one."""
        texts = {"type": type, "actor": actor, "action": action, "context": context, "subject": subject}
        texts |= {"outcome": outcome, "address": address, "correlation": correlation}
        clean = {name: _clean(text) for name, text in texts.items()}
        async with self.database.write() as connection:
            await self.database.alone(connection, "audit")  # one order on every database
            chain = (await connection.execute(select(audit_chain))).one_or_none()
            newest = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            last = (await connection.execute(newest)).one_or_none()
            sealed = self.key.seal(secrets.token_hex(32)) if chain is None else chain.sealed_key
            key = bytes.fromhex(self.key.unseal(sealed))
            seq, previous = _end(chain, last, key)
            content = {**clean, "at": self.database.now().astimezone(UTC), "detail": _plain(detail or {})}
            values = {"seq": seq + 1, "previous": previous, **content}
            values["hash"] = _hash(key, values)
            await connection.execute(insert(audit).values(values))
            await self._seal(connection, sealed, key, seq + 1, values["hash"])
        return AuditRecord(**values)

    async def _seal(self, connection: AsyncConnection, sealed: str, key: bytes, length: int, head: str) -> None:
        values = {"sealed_key": sealed, "length": length, "head": head, "proof": _proof(key, length, head)}
        statement = self.database.insert(audit_chain).values(id=_ROW, **values)
        await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=values))

    async def list(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        type: str = "",
        actor: str = "",
        action: str = "",
        context: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> builtins.list[AuditRecord]:
        """Records, the newest first; `before` goes on behind the last of a page."""
        exact = {"type": type, "actor": actor, "action": action, "context": context}
        conditions = [audit.c[name] == text for name, text in exact.items() if text]
        conditions += [audit.c.seq < before] if before is not None else []
        conditions += [audit.c.at >= since] if since is not None else []
        conditions += [audit.c.at < until] if until is not None else []
        query = select(audit).where(*conditions).order_by(audit.c.seq.desc()).limit(limit)
        async with self.database.read() as connection:
            return [AuditRecord(**row._mapping) for row in (await connection.execute(query)).all()]

    async def after(self, seq: int, limit: int) -> builtins.list[AuditRecord]:
        """Records from the one behind `seq` on, the oldest first."""
        query = select(audit).where(audit.c.seq > seq).order_by(audit.c.seq).limit(limit)
        async with self.database.read() as connection:
            return [AuditRecord(**row._mapping) for row in (await connection.execute(query)).all()]

    async def verify(self, expected: tuple[int, str] | None = None) -> ChainState:
        """Look through the whole chain; the first that is wrong is named.

        `expected` is a number and hash that were written down elsewhere: that record must still be there. Raises
        SecretUnreadable where the store's key is another one.
        """
        async with self.database.read() as connection:
            chain = (await connection.execute(select(audit_chain))).one_or_none()
        key = b"" if chain is None else bytes.fromhex(self.key.unseal(chain.sealed_key))
        count, head, at_length, seen = 0, "", "", expected is None
        async for record in self._all():
            if record.seq != count + 1:
                return ChainState(count, head, count + 1, f"record {count + 1} is missing")
            if not hmac.compare_digest(_hash(key, vars(record)), record.hash):
                return ChainState(count, head, record.seq, f"record {record.seq} was changed, or not written by us")
            if record.previous != head:
                return ChainState(count, head, record.seq, f"record {record.seq} does not follow the one before it")
            count, head = record.seq, record.hash
            at_length = head if chain is not None and count == chain.length else at_length
            seen = seen or expected == (count, head)
        if chain is not None:
            if not hmac.compare_digest(_proof(key, chain.length, chain.head), chain.proof):
                return ChainState(count, head, count + 1, "what is kept of the chain's end was changed")
            if at_length != chain.head:
                missing = f"the end is missing: {chain.length} records were written, {count} are there"
                return ChainState(count, head, count + 1, missing)
        if not seen:
            return ChainState(count, head, expected[0] if expected else None, "the expected record is not there")
        return ChainState(count, head)

    async def _all(self) -> AsyncIterator[AuditRecord]:
        seq = -1
        while page := await self.after(seq, _BATCH):
            for record in page:
                yield record
            seq = page[-1].seq


def _end(chain: Any, last: Any, key: bytes) -> tuple[int, str]:
    """Number and hash that the next record stands behind.

    Where end and record differ, the longer of both is gone on from: what was taken away or put in stays visible. An
    end that was changed gives no hash at all, so that the next record never fits.
    """
    length = 0 if last is None else last.seq
    if chain is None:
        return (0, "") if last is None else (length, "")
    if not hmac.compare_digest(_proof(key, chain.length, chain.head), chain.proof):
        return length, "unknown"
    if last is None or chain.length >= last.seq:
        return chain.length, chain.head
    return last.seq, last.hash


def _hash(key: bytes, record: Mapping[str, Any]) -> str:
    content = {name: value for name, value in record.items() if name != "hash"}
    content["at"] = record["at"].isoformat()
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _proof(key: bytes, length: int, head: str) -> str:
    return hmac.new(key, f"end {length} {head}".encode(), hashlib.sha256).hexdigest()


def _clean(text: str) -> str:
    """A text that every database keeps as it is: without NUL, without halves of letters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    """What JSON gives back just as it was given."""
    if isinstance(value, Mapping):
        return {_clean(str(name)): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    return _clean(str(value))  # floats too: their writing is not the same everywhere
