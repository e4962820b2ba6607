"""Random numbers of a key: the same again for the same one, others for another, and evenly spread."""

from __future__ import annotations

from collections import Counter

from proxmox_mpc.charts.language.chance import KeyedRandom


def test_the_same_key_makes_the_same_numbers_and_another_key_others() -> None:
    one, same, other = KeyedRandom("a"), KeyedRandom("a"), KeyedRandom("b")
    made = [one.random(), one.getrandbits(128), one.randbytes(20), one.choices("abc", k=5), one.randrange(1000)]
    again = [same.random(), same.getrandbits(128), same.randbytes(20), same.choices("abc", k=5), same.randrange(1000)]
    assert made == again
    assert made[0] != other.random()
    assert one.random() != one.random()


def test_the_numbers_are_evenly_spread() -> None:
    chance = KeyedRandom("spread")
    counts = Counter(chance.randrange(16) for _ in range(16_000))
    assert set(counts) == set(range(16))
    assert all(800 < count < 1200 for count in counts.values())
    assert all(0 <= chance.random() < 1 for _ in range(1000))
    assert all(0 <= chance.getrandbits(3) < 8 for _ in range(1000))
