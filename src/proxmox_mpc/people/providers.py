"""Who may answer for a name and password: this server itself, and others by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Proved:
    """Somebody whom a provider knows: by an id that never changes, with what it tells of them.

    `groups` are those of ours that the provider's stand for; they are renewed at each login.
    """

    external_id: str
    name: str
    display_name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


class Provider(Protocol):
    """Answers for names and passwords: a directory, a PVE realm."""

    async def prove(self, name: str, password: str) -> Proved | None:
        """Whom this name and password prove; None where they prove nobody.

        Raises UnreachableError where the provider does not answer; it must not take other time for names that it does
        not know.
        """


Providers = Mapping[str, Provider]
"""By the name that people choose them by when they log in. `local`, this server itself, is never among them."""
