"""Backups: what was there is there again, on either database; what is not whole changes nothing."""

import asyncio
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from proxmox_mpc.errors import MpcError
from proxmox_mpc.store import ENDED, NewJob, NewMessage, SecretKey, Store, User
from proxmox_mpc.store.backing_up import PASSING, back_up
from proxmox_mpc.store.condition import compact, condition
from proxmox_mpc.store.models import metadata
from proxmox_mpc.store.restoring import restore
from tests.unit.store.conftest import KEY, FakeNow
from tests.unit.store.postgres import Postgres
from tests.unit.store.test_resealing import fill

Open = Callable[..., AbstractAsyncContextManager[Store]]


async def backup(store: Store) -> bytes:
    out = io.BytesIO()
    await back_up(store.jobs.database, out)
    return out.getvalue()


async def put(store: Store, content: bytes, *, replace: bool = False, key: SecretKey = KEY) -> dict[str, int]:
    return await restore(store.jobs.database, io.BytesIO(content), key_ids=key.ids, replace=replace)


def lines(content: bytes) -> list[Any]:
    return [json.loads(line) for line in gzip.decompress(content).splitlines()]


def packed(content: list[Any]) -> bytes:
    """A backup whose checksum fits what is in it, as somebody makes it who wants to harm."""
    text = "".join(json.dumps(line) + "\n" for line in content[:-1]).encode()
    end = {**content[-1], "sha256": hashlib.sha256(text).hexdigest()}
    return gzip.compress(text + json.dumps(end).encode() + b"\n")


async def contents(store: Store) -> dict[str, list[str]]:
    """All rows of all tables that a backup holds, in no order."""
    found = {}
    async with store.jobs.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name not in PASSING:
                rows = (await connection.execute(select(table))).all()
                found[table.name] = sorted(repr(tuple(row)) for row in rows)
    return found


async def work(store: Store) -> None:
    """Something that happened: a job that was done, messages, an audit record."""
    job = await store.jobs.add(NewJob("apply", {"password": "hunter2"}, "ann", subject="application web"))
    await store.jobs.cancel(job.id)
    await store.messages.append([NewMessage("nodes/ä", "seen", {"n": 1.5, "text": "\u2028 \U0001f600"})])
    await store.audit.append("write", "ann", "apply", outcome="ok", detail={"a": [1, None]})


@pytest.fixture
async def other(database: str, request: pytest.FixtureRequest, tmp_path: Path, now: FakeNow) -> AsyncIterator[Store]:
    """An empty store on the other database."""
    url = f"sqlite:///{tmp_path / 'other.db'}"
    if database == "sqlite":
        server: Postgres = request.getfixturevalue("postgres")
        url = server.fresh()
    async with Store.open(url, key=KEY, now=now) as opened:
        yield opened


async def test_what_one_database_held_the_other_one_holds(store: Store, other: Store) -> None:
    await work(store)
    before, content = await contents(store), await backup(store)
    assert await put(other, content) == {name: len(rows) for name, rows in before.items()}
    assert await contents(other) == before
    assert sorted(map(repr, lines(await backup(other))[1:-1])) == sorted(map(repr, lines(content)[1:-1]))
    assert (await other.audit.verify()).broken_at is None
    assert (await other.audit.verify()).records == 1


async def test_every_table_is_kept_but_what_counts_for_the_moment_only(store: Store, other: Store) -> None:
    await fill(store)
    content = await backup(store)
    await put(other, content)
    kept = await contents(other)
    assert {name for name, rows in kept.items() if rows} == set(metadata.tables) - PASSING
    for name in PASSING:
        async with other.jobs.database.read() as connection:
            assert (await connection.execute(select(metadata.tables[name]))).all() == []


async def test_secrets_stay_sealed_and_the_file_names_the_keys_that_open_them(store: Store, other: Store) -> None:
    await work(store)
    content = await backup(store)
    assert b"hunter2" not in gzip.decompress(content)
    assert lines(content)[0]["keys"] == list(KEY.ids)
    with pytest.raises(MpcError, match=KEY.ids[0]) as caught:
        await put(other, content, key=SecretKey(["a key that was never used"]))
    assert caught.value.code == "store.keys-missing"
    assert await other.messages.last_id() == 0


async def test_numbers_of_messages_go_on_where_they_were(store: Store, other: Store, now: FakeNow) -> None:
    await store.messages.append([NewMessage("a", "b", {})] * 5)
    now.pass_(days=30)
    assert await store.retention.purge("messages", now()) == 4
    await put(other, await backup(store))
    await other.messages.append([NewMessage("a", "b", {})])
    [*_, message] = await other.messages.read()
    assert message.id == 6, "a reader that saw the fifth must see this one"
    await other.messages.append([NewMessage("a", "b", {})] * 10)
    await put(other, await backup(store), replace=True)
    await other.messages.append([NewMessage("a", "b", {})])
    assert (await other.messages.read())[-1].id == 17


async def test_new_rows_stand_beside_restored_ones(store: Store, other: Store) -> None:
    await fill(store)
    await put(other, await backup(store))
    for _ in range(2):
        await other.grants.add("user", "1", "viewer", ["*"], ["*"], built_in=True)
    assert len(await other.grants.list()) == 3


async def test_jobs_that_were_open_are_not_begun_again(store: Store, other: Store) -> None:
    open_ = await store.jobs.add(NewJob("reboot", {}, "ann"))
    await put(other, await backup(store))
    job = await other.jobs.get(open_.id)
    assert (job.state, job.error["code"]) == ("cancelled", "job.restored")  # type: ignore[index]
    assert job.state in ENDED
    assert (await other.jobs.retry(open_.id)).state == "queued"


async def test_a_store_that_is_not_empty_stays_as_it_is_unless_it_shall_be_replaced(store: Store, other: Store) -> None:
    await work(store)
    await other.contexts.use("home")
    content, before = await backup(store), await contents(other)
    with pytest.raises(MpcError, match="choices") as caught:
        await put(other, content)
    assert caught.value.code == "store.not-empty"
    assert await contents(other) == before
    await put(other, content, replace=True)
    assert await contents(other) == await contents(store)


async def test_a_store_that_a_server_works_on_is_left_alone(store: Store, other: Store, now: FakeNow) -> None:
    content = await backup(store)
    await other.leases.take("sweeping", "server-1/7", 30)
    with pytest.raises(MpcError, match="server-1/7") as caught:
        await put(other, content, replace=True)
    assert caught.value.code == "store.in-use"
    now.pass_(seconds=31)
    await put(other, content)


async def test_a_backup_is_of_one_moment_though_others_write(store: Store, open_store: Open) -> None:
    """Jobs and the messages that tell of them are written together: so they are in the backup together."""
    stop = asyncio.Event()

    async def write() -> int:
        count = 0
        async with open_store() as busy:
            while not stop.is_set():
                await busy.jobs.add(NewJob("apply", {}, "ann"))
                count += 1
        return count

    writing = asyncio.create_task(write())
    seen = []
    for _ in range(10):
        content = lines(await backup(store))
        counted = content[-1]["rows"]
        assert counted["messages"] == 2 * counted["jobs"]
        seen.append(counted["jobs"])
    stop.set()
    assert await writing >= seen[-1] > seen[0], "writers did not wait"


def _break(content: list[Any], how: str) -> bytes:
    table = next(n for n, line in enumerate(content) if isinstance(line, dict) and line.get("table") == "users")
    other = next(i for i, line in enumerate(content) if isinstance(line, list))
    row = content[table + 1]
    match how:
        case "no such table":
            content[table]["table"] = "sqlite_master"
        case "a passing table":
            content[table]["table"] = "logins"
        case "no such column":
            content[table]["columns"][0] = "rowid"
        case "too few values":
            row.pop()
        case "a text for a time":
            row[content[table]["columns"].index("created_at")] = "yesterday"
        case "a time without a zone":
            row[content[table]["columns"].index("created_at")] = "2026-01-01T00:00:00"
        case "a list for a text":
            row[0] = ["x"]
        case "NUL":
            row[0] = "a\x00b"
        case "a huge number":
            row[content[table]["columns"].index("version")] = 1 << 80
        case "nothing for a name":
            row[content[table]["columns"].index("name")] = None
        case "twice the same":
            content.insert(table + 1, row)
            content[-1]["rows"]["users"] += 1
        case "a row too few":
            del content[other]
        case "another order":
            content.insert(1, row)
        case "the table twice":
            content.insert(-1, content[table])
        case "a newer schema":
            content[0]["schema"] = "9999"
        case "a newer format":
            content[0]["version"] = 2
        case "another file":
            content[0]["format"] = "a shopping list"
        case "keys are missing":
            del content[0]["keys"]
    return packed(content)


HOW = [
    *("no such table", "a passing table", "no such column", "too few values", "a text for a time", "NUL"),
    *("a time without a zone", "a list for a text", "a huge number", "nothing for a name", "twice the same"),
    *("a row too few", "another order", "the table twice", "a newer schema", "a newer format", "another file"),
    "keys are missing",
]


async def test_a_file_that_is_no_backup_changes_nothing(store: Store, other: Store) -> None:
    async with store.jobs.database.write() as connection:
        await connection.execute(insert(metadata.tables["choices"]).values(name="a", value="b"))
    await store.users.create(User("id-ann", "ann", store.users.database.now(), "hash"))
    content = await backup(store)
    for how in HOW:
        with pytest.raises(MpcError) as caught:
            await put(other, _break(lines(content), how))
        assert caught.value.code in ("store.backup-invalid", "store.too-new"), how
        assert not any((await contents(other)).values()), how
    await put(other, content)


def _text(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return b""


async def test_damage_is_noticed_wherever_it_is(tmp_path: Path, now: FakeNow) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'a.db'}", key=KEY, now=now) as store:
        await work(store)
        content = await backup(store)
        async with Store.open(f"sqlite:///{tmp_path / 'b.db'}", key=KEY, now=now) as target:
            broken = [content[:at] for at in range(0, len(content) - 1, 97)]
            plain = gzip.decompress(content)
            flipped = [
                content[:at] + bytes([content[at] ^ 16]) + content[at + 1 :] for at in range(12, len(content), 61)
            ]
            broken += [one for one in flipped if _text(one) != plain]  # some bits of the compression mean nothing
            broken += [
                b"",
                b"\x1f\x8b",
                gzip.compress(b""),
                gzip.compress(b"{}\n"),
                gzip.compress(b"[" * 99999 + b"\n"),
            ]
            broken += [plain, gzip.compress(plain + b"[]\n"), gzip.compress(plain.replace(b"ann", b"eve"))]
            for one in broken:
                with pytest.raises(MpcError) as caught:
                    await put(target, one)
                assert caught.value.code == "store.backup-invalid", caught.value
            assert not any((await contents(target)).values())
            await put(target, content)


@asynccontextmanager
async def _of_time(url: str, revision: str) -> AsyncIterator[Any]:
    """A store as an older version made it."""
    from proxmox_mpc.store._database import Database
    from proxmox_mpc.store._migrating import upgrade

    database = Database(url, lambda: FakeNow().at)
    async with database.write() as connection:
        await connection.run_sync(upgrade, revision)
    yield database
    await database.close()


async def test_a_backup_of_an_older_version_is_brought_up_to_date(store: Store, tmp_path: Path) -> None:
    """As a version before wrote it: without today's tables and columns."""
    from proxmox_mpc.store.restoring import _reflected

    async with _of_time(f"sqlite+aiosqlite:///{tmp_path / 'old.db'}", "0006") as old, old.read() as connection:
        tables = (await connection.run_sync(_reflected)).tables
    names = {name: [c.name for c in table.columns] for name, table in tables.items() if name != "alembic_version"}
    at = "2026-01-02T03:04:05.000006+00:00"
    run = {"id": "r", "pid": 7, "summary": {"a": 1}, "started_at": at, "ended_at": at, "seen_at": None}
    content: list[Any] = [{"format": "proxmox-mpc store", "version": 1, "schema": "0006"}]
    content[0] |= {"madeAt": at, "madeBy": "0.6", "keys": []}
    for name, columns in names.items():
        content.append({"table": name, "columns": columns, "lastNumber": 0})
        if name == "runs":
            content.append([run.get(column, "x") for column in columns])
    content.append({"rows": {name: int(name == "runs") for name in names}})
    assert (await put(store, packed(content)))["runs"] == 1
    [found] = await store.runs.list("x")
    assert (found.job, found.summary, found.started_at.isoformat()) == ("", {"a": 1}, at)


async def test_the_condition_tells_version_size_and_keys(store: Store, empty_url: str) -> None:
    await work(store)
    found = await condition(store.jobs.database)
    assert found.schema == found.newest
    assert found.size_bytes > 10_000
    assert found.rows["jobs"] == 1
    assert found.keys.keys() == set(KEY.ids)
    assert found.kind == store.kind


async def test_space_that_nothing_uses_is_given_back(tmp_path: Path, now: FakeNow) -> None:
    async with Store.open(f"sqlite:///{tmp_path / 'a.db'}", key=KEY, now=now) as store:
        await store.messages.append([NewMessage("a", "b", {"text": "x" * 10_000})] * 300)
        now.pass_(days=1)
        await store.retention.purge("messages", now())
        before = (await condition(store.jobs.database)).size_bytes
        await compact(store.jobs.database)
        assert (await condition(store.jobs.database)).size_bytes < before / 4
        await store.contexts.use("home")  # and it can be written as before


async def test_compacting_does_no_harm(store: Store) -> None:
    await work(store)
    before = await contents(store)
    await compact(store.jobs.database)
    assert await contents(store) == before


async def test_runs_are_forgotten_but_for_the_last_of_each_application(store: Store, now: FakeNow) -> None:
    for number in range(3):
        run = await store.runs.begin("lab", "web", "apply", "ann", 1, "there")
        await store.runs.sending(run.id, "create", f"VirtualMachine/{number}", "POST", "/nodes")
        await store.runs.finish(run.id, "succeeded" if number < 2 else "failed", {})
        now.pass_(days=1)
    at_work = await store.runs.begin("lab", "db", "apply", "ann", 1, "there")
    now.pass_(days=400)
    assert await store.runs.journal(run.id)
    assert await store.retention.purge("runs", now()) == 2
    assert {one.id for one in await store.runs.list("lab")} == {run.id, at_work.id}
