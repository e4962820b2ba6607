from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest
from sqlalchemy import text

from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.store import Context, SecretKey, SecretUnreadable, Store
from tests.unit.store.conftest import KEY

Open = Callable[..., AbstractAsyncContextManager[Store]]

HOME = Context("home", ("https://pve1:8006", "https://pve2:8006"), token_id="root@pam!mpc", token_secret="s3cr3t-token")
LAB = Context(
    "lab", ("https://lab:8006",), user="root@pam", password="s3cr3t-word", ca="PEM", fingerprint="AA", insecure=True
)


async def test_contexts_come_back_as_they_were(store: Store) -> None:
    await store.contexts.save(LAB)
    await store.contexts.save(HOME)
    assert await store.contexts.list() == [HOME, LAB]
    assert await store.contexts.get("lab") == LAB


async def test_saving_again_replaces(store: Store) -> None:
    await store.contexts.save(HOME)
    changed = replace(
        HOME, endpoints=("https://new:8006",), token_secret=None, token_id=None, user="a@pve", password="x"
    )
    await store.contexts.save(changed)
    assert await store.contexts.list() == [changed]


async def test_an_unknown_context_is_not_found(store: Store) -> None:
    with pytest.raises(NotFoundError, match="no context 'nope'") as caught:
        await store.contexts.get("nope")
    assert caught.value.exit_code == 5


async def test_the_current_context_is_remembered(open_store: Open) -> None:
    async with open_store() as store:
        assert await store.contexts.current() is None
        await store.contexts.save(HOME)
        await store.contexts.use("home")
        await store.contexts.use("elsewhere")
        await store.contexts.use("home")
    async with open_store() as store:
        assert await store.contexts.current() == "home"
        await store.contexts.delete("home")
        assert await store.contexts.current() is None
        assert await store.contexts.list() == []
        await store.contexts.delete("home")


async def test_deleting_another_context_keeps_the_current_one(store: Store) -> None:
    await store.contexts.save(HOME)
    await store.contexts.save(LAB)
    await store.contexts.use("home")
    await store.contexts.delete("lab")
    assert await store.contexts.current() == "home"


async def _everything_stored(store: Store) -> str:
    async with store.contexts.database.read() as connection:
        rows = [
            *(await connection.execute(text("SELECT * FROM contexts"))).all(),
            *(await connection.execute(text("SELECT * FROM revisions"))).all(),
        ]
    return str(rows)


async def test_secrets_are_encrypted_in_the_database_and_hidden_in_texts(store: Store) -> None:
    await store.contexts.save(HOME)
    await store.contexts.save(LAB)
    await store.applications.begin_revision(
        "home", "web", actor="me", manifests=[{"spec": {"password": "s3cr3t-manifest"}}], plan={}
    )
    stored = await _everything_stored(store)
    assert "root@pam" in stored
    assert "s3cr3t" not in stored
    assert "s3cr3t" not in repr(await store.contexts.list())


async def test_another_key_is_told_from_damage(open_store: Open) -> None:
    async with open_store() as store:
        await store.contexts.save(HOME)
    async with open_store(SecretKey(["another passphrase"])) as store:
        with pytest.raises(SecretUnreadable, match="another key") as caught:
            await store.contexts.get("home")
        assert "PROXMOX_SECRET_KEY" in caught.value.hint


async def test_keys_can_be_changed(open_store: Open) -> None:
    old, new = "a passphrase for tests", "the passphrase of next year"
    async with open_store(SecretKey([old])) as store:
        await store.contexts.save(HOME)
        await store.applications.begin_revision("home", "web", actor="me", manifests=[{"a": 1}], plan={})
    async with open_store(SecretKey([new, old])) as store:
        assert await store.contexts.get("home") == HOME
        assert await store.reseal() == 2
        assert await store.reseal() == 0
    async with open_store(SecretKey([new])) as store:
        assert await store.contexts.get("home") == HOME
        assert (await store.applications.revision("home", "web", 1)).manifests == [{"a": 1}]


async def test_a_damaged_secret_is_told(store: Store) -> None:
    await store.contexts.save(HOME)
    sealed = KEY.seal("x")
    broken = sealed[:-6] + ("AAAAA=" if not sealed.endswith("AAAAA=") else "BBBBB=")
    async with store.contexts.database.write() as connection:
        await connection.execute(text("UPDATE contexts SET sealed_token_secret = :broken"), {"broken": broken})
    with pytest.raises(SecretUnreadable, match="damaged"):
        await store.contexts.get("home")
