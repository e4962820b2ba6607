"""A backup's file: what a store holds as lines of JSON, compressed, with a checksum at its end.

The first line says what it is; then comes each table, as a line with its columns and a line for each row; the last line
counts the rows and has the SHA-256 of all lines before it. Secrets stay as they are in the store: sealed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import JSON, Boolean, Column, DateTime, Integer

from proxmox_mpc.store.errors import BackupInvalid
from proxmox_mpc.store.models import UtcTime

FORMAT = "proxmox-mpc store"
VERSION = 1
LONGEST_LINE = 256 << 20
"""Bytes of one row: no chart or manifest comes near, and a file that was made to fill the memory ends there."""


@dataclass(frozen=True)
class Header:
    """What a backup says of itself: the schema of its tables, and the ids of the keys that open its secrets."""

    schema: str
    made_at: datetime
    made_by: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class TableLine:
    """That rows of a table follow; `last_number` is the highest that it ever gave, where none is given twice."""

    name: str
    columns: tuple[str, ...]
    last_number: int


@dataclass(frozen=True)
class RowLine:
    """A row, as JSON has it."""

    values: Sequence[Any]
    length: int


class Writing:
    """Writes a backup line by line; it is whole once `end` was called."""

    def __init__(self, out: IO[bytes], header: Header) -> None:
        # No time and no name within: of the same store at the same moment comes the same file.
        self._out = gzip.GzipFile("", "wb", 6, out, mtime=0)
        self._sum = hashlib.sha256()
        self.rows: dict[str, int] = {}
        facts = {"schema": header.schema, "madeAt": header.made_at.isoformat(), "madeBy": header.made_by}
        self._line({"format": FORMAT, "version": VERSION, **facts, "keys": list(header.keys)})

    def table(self, table: TableLine) -> None:
        self.rows[table.name] = 0
        self._line({"table": table.name, "columns": list(table.columns), "lastNumber": table.last_number})

    def row(self, table: str, values: Sequence[Any]) -> None:
        self.rows[table] += 1
        self._line([_written(value) for value in values])

    def end(self) -> None:
        self._line({"rows": self.rows, "sha256": self._sum.hexdigest()})
        self._out.close()

    def _line(self, content: Any) -> None:
        line = json.dumps(content, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
        self._sum.update(line)
        self._out.write(line)


@dataclass
class Reading:
    """Reads a backup and checks it as it goes on: only after the last line is it known to be whole."""

    file: IO[bytes]
    header: Header = field(init=False)
    number: int = 0
    """Of the line that was read last."""

    def __post_init__(self) -> None:
        self._in = gzip.GzipFile(fileobj=self.file, mode="rb")
        self._sum = hashlib.sha256()
        first = self._next()
        if not isinstance(first, dict) or first.get("format") != FORMAT:
            raise BackupInvalid("this is no backup of a store")
        if first.get("version") != VERSION:
            raise BackupInvalid(
                f"a backup of version {first.get('version')!r} is not understood here",
                hint="Upgrade this installation.",
            )
        try:
            made_at = datetime.fromisoformat(first["madeAt"])
            keys = tuple(str(key) for key in first["keys"])
            self.header = Header(str(first["schema"]), made_at, str(first["madeBy"]), keys)
        except (KeyError, TypeError, ValueError):
            raise self.wrong("does not say what is in it") from None

    def lines(self) -> Iterator[TableLine | RowLine]:
        """Tables and rows. Raises BackupInvalid where it is damaged, cut off, or not what it says."""
        rows: dict[str, int] = {}
        table = ""
        while True:
            before, position = self._sum.hexdigest(), self._in.tell()
            line = self._next()
            match line:
                case list() if table:
                    rows[table] += 1
                    yield RowLine(line, self._in.tell() - position)
                case {"table": str(table), "columns": [*columns], "lastNumber": int(last)} if table not in rows:
                    rows[table] = 0
                    yield TableLine(table, tuple(map(str, columns)), last)
                case {"rows": counted, "sha256": told}:
                    if (counted, told) != (rows, before):
                        raise self.wrong("does not fit what stands before it: the backup was changed")
                    if self._read():
                        raise self.wrong("stands behind the end")
                    return
                case _:
                    raise self.wrong("is none of a backup")

    def wrong(self, what: str) -> BackupInvalid:
        """The error that this line is wrong."""
        return BackupInvalid(f"line {self.number} of the backup {what}")

    def _next(self) -> Any:
        line = self._read()
        if not line.endswith(b"\n"):
            raise self.wrong("is too long" if len(line) >= LONGEST_LINE else "is cut off")
        self._sum.update(line)
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise self.wrong("is no JSON") from None

    def _read(self) -> bytes:
        self.number += 1
        try:
            return self._in.readline(LONGEST_LINE)
        except gzip.BadGzipFile:
            what = (
                "this is no backup of a store" if self.number == 1 else f"line {self.number} of the backup is damaged"
            )
            raise BackupInvalid(what) from None
        except (EOFError, zlib.error):
            raise self.wrong("is damaged or cut off") from None


def _written(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def read_value(column: Column[Any], value: Any) -> Any:
    """A value as the database takes it. Raises ValueError for what the column cannot hold."""
    if value is None or isinstance(column.type, JSON):
        return value
    if isinstance(column.type, UtcTime | DateTime):
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
        if at is None or at.tzinfo is None:
            raise ValueError("a time with its zone")
        return at.astimezone(UTC)
    if isinstance(column.type, Boolean):
        if not isinstance(value, bool):
            raise ValueError("true or false")
    elif isinstance(column.type, Integer):
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
            raise ValueError("a whole number")
    elif not isinstance(value, str) or "\x00" in value:
        raise ValueError("a text")
    return value
