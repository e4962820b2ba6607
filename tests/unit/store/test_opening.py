"""Opening: fresh, current, old, new and broken stores, also by several processes at once."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from proxmox_mpc.settings import SettingInvalid
from proxmox_mpc.store import SecretKey, Store, StoreTooNew, StoreUnavailable
from proxmox_mpc.store.migrations import HEAD
from proxmox_mpc.store.models import metadata
from tests.unit.store.conftest import KEY

Open = Callable[..., AbstractAsyncContextManager[Store]]

OPENER = """
import asyncio, json, sys
from proxmox_mpc.store import SecretKey, Store

async def main():
    sys.stdin.readline()
    async with Store.open(sys.argv[1], key=SecretKey(["a passphrase for tests"])) as store:
        revision = await store.applications.begin_revision("home", "web", actor="me", manifests=[], plan={})
        reserved = await store.reservations.reserve("home", 100, sys.argv[2], 60)
    print(json.dumps({"number": revision.number, "reserved": reserved, "alembic": "alembic" in sys.modules}))

asyncio.run(main())
"""


def _run_at_once(url: str, count: int) -> list[dict[str, object]]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, url, f"process {number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60) for process in processes]
    assert all(process.returncode == 0 for process in processes), [error for _, error in outputs]
    return [json.loads(out) for out, _ in outputs]


def test_processes_that_open_a_fresh_store_at_once_all_succeed(empty_url: str) -> None:
    answers = _run_at_once(empty_url, 3)
    assert sorted(str(answer["number"]) for answer in answers) == ["1", "2", "3"]
    assert sum(bool(answer["reserved"]) for answer in answers) == 1


async def test_a_store_that_is_up_to_date_opens_without_alembic(empty_url: str) -> None:
    async with Store.open(empty_url, key=KEY):
        pass
    [answer] = await asyncio.to_thread(_run_at_once, empty_url, 1)
    assert answer["alembic"] is False


async def test_the_migrations_make_exactly_the_tables_of_the_models(empty_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    async with Store.open(empty_url, key=KEY) as store, store.contexts.database.read() as connection:
        assert await connection.run_sync(differences) == []


def test_head_is_the_newest_migration() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "proxmox_mpc.store:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


async def test_a_store_of_a_newer_version_is_left_alone(empty_url: str) -> None:
    async with Store.open(empty_url, key=KEY) as store, store.contexts.database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreTooNew, match="newer version") as caught:
        async with Store.open(empty_url, key=KEY):
            pass
    assert "Upgrade" in caught.value.hint


async def test_a_store_survives_being_closed(open_store: Open) -> None:
    async with open_store() as store:
        await store.contexts.use("home")
    for _ in range(2):
        async with open_store() as store:
            assert await store.contexts.current() == "home"


async def test_a_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'a' / 'b' / 'store.db'}", key=KEY) as store:
        assert await store.contexts.list() == []
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0


async def test_what_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is no database, but long enough to be taken for one" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        async with Store.open(f"sqlite:///{tmp_path / 'store.db'}", key=KEY):
            pass


async def test_a_path_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        async with Store.open(f"sqlite:///{tmp_path / 'file' / 'store.db'}", key=KEY):
            pass


async def test_a_server_that_is_down_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1") as caught:
        async with Store.open("postgresql://mpc:hunter2@127.0.0.1:1/mpc", key=KEY):
            pass
    assert "hunter2" not in str(caught.value)


async def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(SettingInvalid):
        async with Store.open("mysql://x/y", key=KEY):
            pass


async def test_a_writer_waits_for_another_process(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    async with Store.open(f"sqlite:///{file}", key=KEY) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(store.contexts.use("home"))
        await asyncio.sleep(0.05)
        assert not writing.done()
        assert await store.contexts.current() is None  # readers do not wait
        other.execute("COMMIT")
        await asyncio.wait_for(writing, 10)
        other.close()
        assert await store.contexts.current() == "home"


async def test_a_long_reader_does_not_hold_up_writers(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    async with Store.open(f"sqlite:///{file}", key=KEY) as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT * FROM contexts").fetchall()
        await asyncio.wait_for(store.contexts.use("home"), 10)
        other.close()


VICTIM = """
import asyncio, os, sys
from proxmox_mpc.store import SecretKey, Store
from proxmox_mpc.store._processes import this_host

async def main():
    async with Store.open(sys.argv[1], key=SecretKey(["a passphrase for tests"])) as store:
        run = await store.runs.begin("home", "web", "apply", "ann", os.getpid(), this_host(), "hash")
        first = await store.runs.sending(run.id, "create", "Pool/web", "POST", "/pools")
        await store.runs.accepted(run.id, first, "")
        await store.runs.done(run.id, first)
        await store.runs.sending(run.id, "create", "VirtualMachine/web", "POST", "/nodes/pve1/qemu")
        print(run.id, flush=True)
        await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_a_process_killed_before_the_answer_leaves_its_run_to_be_found(
    url: str, open_store: Callable[..., AbstractAsyncContextManager[Store]]
) -> None:
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", VICTIM, url, stdout=subprocess.PIPE)
    assert victim.stdout
    run_id = (await victim.stdout.readline()).decode().strip()
    async with open_store() as store:
        assert await store.runs.unfinished("home") == []  # it lives
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        [(run, entries)] = await store.runs.unfinished("home")
    assert (run.id, run.status) == (run_id, "running")
    assert [(e.resource, e.state) for e in entries] == [("Pool/web", "done"), ("VirtualMachine/web", "sending")]


async def test_a_lost_key_does_not_keep_the_store_from_opening(open_store: Open) -> None:
    async with open_store() as store:
        await store.contexts.use("home")
    async with open_store(SecretKey(["another passphrase"])) as store:
        assert await store.contexts.current() == "home"
