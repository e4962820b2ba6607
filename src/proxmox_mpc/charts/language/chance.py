"""Random numbers that a release keeps: nobody can tell them, and the same key makes the same ones again."""

from __future__ import annotations

import hashlib
import random


class KeyedRandom(random.Random):
    """Random numbers that a secret key makes: a stream of SHAKE-256.

    What was shown in a plan is what is applied, and a password that a template makes is the same in every revision of
    its release, as long as templates ask for them in the same order.
    """

    def __init__(self, key: str) -> None:
        self._key = hashlib.sha256(key.encode()).digest()
        self._count = 0
        super().__init__()

    def _bytes(self, count: int) -> bytes:
        made = hashlib.shake_256(self._key + self._count.to_bytes(8, "big")).digest(max(count, 1))
        self._count += 1
        return made[:count]

    def getrandbits(self, k: int) -> int:
        """An integer of `k` random bits."""
        if k < 0:
            raise ValueError("the number of bits must not be negative")
        count = (k + 7) // 8
        return int.from_bytes(self._bytes(count), "big") >> (count * 8 - k) if k else 0

    def random(self) -> float:
        """A float of [0, 1) with 53 random bits."""
        return self.getrandbits(53) / (1 << 53)

    def seed(self, *_ignored: object) -> None:
        """Nothing: the key is the seed."""
