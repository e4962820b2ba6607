import base64
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.errors import UsageError
from proxmox_mpc.settings import Settings
from proxmox_mpc.store import SecretKey, SecretUnreadable
from proxmox_mpc.store.secrets import new_key

RANDOM = SecretKey([new_key()])


@given(st.text())
def test_what_is_sealed_opens_again_and_says_nothing(text: str) -> None:
    sealed = RANDOM.seal(text)
    assert RANDOM.unseal(sealed) == text
    assert len(text) < 4 or text not in sealed
    assert sealed != RANDOM.seal(text)


@given(st.text(max_size=200))
def test_nothing_else_opens(text: str) -> None:
    with pytest.raises(SecretUnreadable):
        RANDOM.unseal(text)


def test_a_key_is_understood_in_every_writing() -> None:
    raw = bytes(range(200, 232))
    sealed = SecretKey([raw.hex()]).seal("x")
    for text in (raw.hex(), base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()):
        assert SecretKey.from_text(text).unseal(sealed) == "x"


def test_several_keys_are_told_apart() -> None:
    old, new = SecretKey.from_text("the passphrase of 2025"), SecretKey.from_text("the passphrase of 2026")
    both = SecretKey.from_text("the passphrase of 2026, the passphrase of 2025")
    assert both.unseal(old.seal("x")) == both.unseal(new.seal("x")) == "x"
    assert not old.seal("x").startswith(both.mark)
    assert both.seal("x").startswith(both.mark)
    assert new.unseal(both.seal("x")) == "x"


def test_fingerprints_compare_and_survive_a_new_key() -> None:
    old, both = SecretKey(["the passphrase of 2025"]), SecretKey(["the passphrase of 2026", "the passphrase of 2025"])
    assert old.fingerprint("hunter2") == old.fingerprint("hunter2") == both.fingerprint("hunter2")
    assert old.fingerprint("hunter2") != old.fingerprint("hunter3")
    assert old.fingerprint("hunter2") != RANDOM.fingerprint("hunter2")
    assert "hunter2" not in old.fingerprint("hunter2")


@pytest.mark.parametrize("text", ["", ",", "short", "fifteen letters"])
def test_weak_keys_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="PROXMOX_SECRET_KEY"):
        SecretKey.from_text(text)


def test_a_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "data" / "secret.key"
    sealed = SecretKey.from_file(file).seal("x")
    assert SecretKey.from_file(file).unseal(sealed) == "x"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == ["secret.key"]


def test_a_key_file_takes_older_keys_as_further_lines(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    sealed = SecretKey.from_file(file).seal("x")
    file.write_text(new_key() + "\n" + file.read_text())
    key = SecretKey.from_file(file)
    assert key.unseal(sealed) == "x"
    assert not sealed.startswith(key.mark)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    SecretKey.from_file(file)
    file.chmod(0o644)
    with pytest.raises(UsageError, match="others can read") as caught:
        SecretKey.from_file(file)
    assert caught.value.hint == f"chmod 600 {file}"


def test_an_empty_key_file_is_not_filled_anew(tmp_path: Path) -> None:
    file = tmp_path / "secret.key"
    file.touch(mode=0o600)
    with pytest.raises(UsageError, match="is empty"):
        SecretKey.from_file(file)


def test_processes_that_make_the_key_at_once_agree(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from proxmox_mpc.store.secrets import SecretKey;"
        "sys.stdin.readline(); print(SecretKey.from_file(Path(sys.argv[1])).fingerprint('x'))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "secret.key")]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [process.communicate("go\n")[0] for process in processes]
    assert len(set(answers)) == 1
    assert answers[0].strip()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    home = {"PROXMOX_MPC_HOME": str(tmp_path)}
    from_file = SecretKey.of(Settings.load(home, tmp_path / ".env"))
    from_text = SecretKey.of(Settings.load({**home, "PROXMOX_SECRET_KEY": "a long passphrase"}, tmp_path / ".env"))
    assert from_file.fingerprint("x") != from_text.fingerprint("x")
    assert SecretKey.from_text("a long passphrase").fingerprint("x") == from_text.fingerprint("x")
