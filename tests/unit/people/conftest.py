"""The store's own fixtures: what is true of people is true on both databases."""

from functools import cache

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from proxmox_mpc.people import passwords
from tests.unit.store.conftest import *  # noqa: F403


@cache
def _quick() -> PasswordHash:
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same hashes with less work: what they cost is the subject of a test of its own."""
    monkeypatch.setattr(passwords, "_hasher", _quick)
    passwords._nobodys.cache_clear()
