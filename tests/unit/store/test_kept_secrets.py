"""Secrets that were told once: kept with the note that they came, encrypted, and gone with their object."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest
from sqlalchemy import text

from proxmox_mpc.store import SecretKey, Store
from proxmox_mpc.store.errors import RecordMissing
from tests.unit.store.test_runs import begin

TOKEN = ("home", "APIToken", "", "amy@pve!ci")
SECRET = "hunter2-told-once"


async def told(store: Store, secret: str = SECRET) -> None:
    run = await begin(store)
    entry = await store.runs.sending(run.id, "create", "APIToken", "POST", "/access/users/amy@pve/token/ci")
    await store.runs.done(run.id, entry, store.kept_secrets.keeping(*TOKEN, secret))
    await store.runs.finish(run.id, "succeeded", {})


async def test_a_secret_is_kept_encrypted_until_its_object_goes(store: Store) -> None:
    assert await store.kept_secrets.get(*TOKEN) is None
    await told(store)
    await told(store, f"{SECRET}-2")
    assert await store.kept_secrets.get(*TOKEN) == f"{SECRET}-2"
    async with store.kept_secrets.database.read() as connection:
        assert SECRET not in str((await connection.execute(text("SELECT * FROM kept_secrets"))).all())
    await store.kept_secrets.delete(*TOKEN)
    await store.kept_secrets.delete(*TOKEN)
    assert await store.kept_secrets.get(*TOKEN) is None


async def test_neither_the_note_nor_the_secret_is_there_alone(store: Store) -> None:
    with pytest.raises(RecordMissing):
        await store.runs.done("no such run", 1, store.kept_secrets.keeping(*TOKEN, SECRET))
    assert await store.kept_secrets.get(*TOKEN) is None


async def test_it_is_encrypted_anew_with_a_new_key(
    open_store: Callable[..., AbstractAsyncContextManager[Store]], store: Store
) -> None:
    await told(store)
    new = "another passphrase for tests"
    async with open_store(SecretKey([new, "a passphrase for tests"])) as both:
        assert await both.reseal() == 1
    async with open_store(SecretKey([new])) as fresh:
        assert await fresh.kept_secrets.get(*TOKEN) == SECRET
