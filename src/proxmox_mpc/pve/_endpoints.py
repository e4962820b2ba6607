"""Which endpoint to ask: the first healthy one, and what is remembered about the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# A failed endpoint is left alone for 2, 4, 8 … seconds: a reboot takes minutes, a restart of its web server
# seconds.
_FIRST_REST_S = 2.0
_LONGEST_REST_S = 60.0


@dataclass
class _Health:
    failures: int = 0
    rests_until: float = 0.0


class Endpoints:
    """The endpoints of one cluster with the memory of their health."""

    def __init__(self, urls: tuple[str, ...], now: Callable[[], float]) -> None:
        self._health = {url: _Health() for url in urls}
        self._now = now
        self.ever_answered = False

    def in_order(self) -> list[str]:
        """Healthy ones as the user wrote them, then resting ones, the soonest to wake first."""
        now = self._now()
        return sorted(self._health, key=lambda url: max(0.0, self._health[url].rests_until - now))

    def answered(self, url: str) -> None:
        """The endpoint gave an answer, whatever it says."""
        self.ever_answered = True
        health = self._health[url]
        if health.failures:
            self._health[url] = _Health()

    def failed(self, url: str) -> None:
        """The endpoint could not be reached, or broke off."""
        health = self._health[url]
        health.failures += 1
        rest = min(_LONGEST_REST_S, _FIRST_REST_S * 2.0 ** (health.failures - 1))
        health.rests_until = self._now() + rest
