"""The care of the store, as typed."""

import json
import os
import sqlite3
from pathlib import Path

from tests.e2e.conftest import Cli


def _home() -> Path:
    return Path(os.environ["PROXMOX_MPC_HOME"])


def test_a_store_that_was_lost_comes_back_from_its_backup(cli: Cli) -> None:
    cli.ok("secret", "set", "nas", "--from-file", cli.write("nas", "hunter2"))
    assert "records in" in cli.ok("store", "backup", "monday.backup").err
    assert Path("monday.backup").stat().st_mode & 0o077 == 0, "hashes of passwords are in it"
    for name in ("store.db", "store.db-wal", "store.db-shm"):
        (_home() / name).unlink(missing_ok=True)
    assert "lab" not in cli.ok("config", "get-contexts").out
    assert "restored" in cli.ok("store", "restore", "monday.backup").out
    assert cli.ok("secret", "show", "nas").out.strip() == "hunter2"
    assert cli.ok("get", "vms").out


def test_nothing_is_overwritten_by_mistake(bare: Cli) -> None:
    bare.ok("store", "backup", "a.backup")
    before = Path("a.backup").read_bytes()
    again = bare("store", "backup", "a.backup")
    assert (again.code, Path("a.backup").read_bytes()) == (2, before)
    assert "is there already" in again.err
    bare.ok(
        "config", "set-context", "home", "--endpoint", "https://pve", "--token-id", "a@pve!b", "--token-secret", "c"
    )
    assert bare("store", "restore", "a.backup").code == 6
    assert bare("store", "restore", "a.backup", "--replace").code == 6, "nobody was there to agree"
    assert "home" in bare.ok("config", "get-contexts").out
    bare.ok("store", "restore", "a.backup", "--replace", "--yes")
    assert "home" not in bare.ok("config", "get-contexts").out
    assert sorted(file.name for file in Path().iterdir()) == ["a.backup"], "no half files are left"


def test_what_cannot_be_is_one_clear_error(bare: Cli) -> None:
    bare.write("letter", "Dear store")
    assert "no backup of a store" in bare("store", "restore", "letter").err
    assert "missing: No such file" in bare("store", "restore", "missing").err
    assert "No such file" in bare("store", "backup", "no/such/folder/a.backup").err


def test_another_key_is_named_before_anything_is_changed(bare: Cli) -> None:
    bare.ok(
        "config", "set-context", "home", "--endpoint", "https://pve", "--token-id", "a@pve!b", "--token-secret", "c"
    )
    bare.ok("store", "backup", "a.backup")
    (_home() / "secret.key").unlink()
    answer = bare("store", "restore", "a.backup", "--replace", "--yes")
    assert answer.code == 1
    assert "keys that are not here" in answer.err
    assert "IT IS NOT HERE" in bare.ok("store", "status").out


def test_status_looks_and_changes_nothing(bare: Cli) -> None:
    assert "none yet" in bare.ok("store", "status").out
    assert "the tables are at" in bare.ok("store", "migrate").out
    status = bare.ok("store", "status", "-o", "json").json
    assert status["schema"] == status["newest"]
    assert status["sizeBytes"] > 0
    with sqlite3.connect(_home() / "store.db") as old:
        old.execute("UPDATE alembic_version SET version_num = '0006'")
    assert json.loads(bare.ok("store", "status", "-o", "json").out)["schema"] == "0006"


def test_a_server_that_is_named_is_not_silently_left_out(bare: Cli) -> None:
    answer = bare("--server", "team", "store", "backup", "a.backup")
    assert answer.code == 2
    assert "where it is" in answer.err
    assert not Path("a.backup").exists()


def test_space_is_given_back(bare: Cli) -> None:
    bare.ok("store", "migrate")
    assert "MiB" in bare.ok("store", "compact").out
