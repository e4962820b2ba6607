import time
from statistics import median

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from proxmox_mpc.people.errors import PasswordWeak
from proxmox_mpc.people.passwords import LONGEST, check_new, hashed, verified


async def test_only_the_password_fits_also_as_another_keyboard_writes_it() -> None:
    kept = await hashed("Grüße an alle\ud800")
    assert kept.startswith("$argon2id$")
    assert await verified("Grüße an alle\ud800", kept) == (True, None)
    assert await verified("Grüße an alle\ud800".replace("ü", "u\u0308"), kept) == (True, None)
    for wrong in ("Gruße an alle", "", "grüße an alle\ud800", "x" * (LONGEST + 1)):
        assert await verified(wrong, kept) == (False, None)


@pytest.mark.parametrize("kept", [None, "", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_nothing_fits_where_nothing_good_is_kept(kept: str | None) -> None:
    for password in ("nobody's", "", "x"):
        assert (await verified(password, kept))[0] is False


async def test_a_weaker_form_is_replaced_when_it_fits() -> None:
    weak = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8192, parallelism=1),)).hash("correct horse")
    fits, better = await verified("correct horse", weak)
    assert fits
    assert better is not None
    assert await verified("correct horse", better) == (True, None)
    assert await verified("wrong", weak) == (False, None)


async def test_a_name_that_nobody_has_takes_as_long() -> None:
    kept = await hashed("correct horse")

    async def cpu_of(password: str, kept: str | None) -> float:
        before = time.perf_counter()
        await verified(password, kept)
        return time.perf_counter() - before

    await verified("x", None)  # what is made once is made
    known = median([await cpu_of("wrong horse", kept) for _ in range(5)])
    unknown = median([await cpu_of("wrong horse", None) for _ in range(5)])
    assert 0.4 < unknown / known < 2.5


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaaaaaa", "amy amy 1234", "x" * 513])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordWeak):
        check_new(password, "amy")


def test_a_good_password_is_taken() -> None:
    check_new("correct horse battery", "amy")
    check_new("what amy likes best of all", "amy")
