"""Who may answer for people: this server itself, and others by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from proxmox_mpc.errors import UnreachableError
from proxmox_mpc.people.errors import LoginFailed

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""This machine: the one place that is reached without encryption."""


@dataclass(frozen=True)
class Proved:
    """Somebody whom a provider knows: by an id that never changes, with what it tells of them.

    `groups` are the provider's own; what they are here is decided here, at each login.
    """

    external_id: str
    name: str
    display_name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Begun:
    """A login that a browser goes on with at `url`; `kept` has to be known when it comes back."""

    url: str
    kept: Mapping[str, str] = field(repr=False)


class Provider(Protocol):
    """Answers for people."""

    async def test(self) -> str:
        """Ask the provider whether it could answer; what it says of itself. Raises ProviderUnreachable."""


class PasswordProvider(Provider, Protocol):
    """Answers for names and passwords: a directory, a PVE realm."""

    async def prove(self, name: str, password: str) -> Proved | None:
        """Whom this name and password prove; None where they prove nobody.

        Raises ProviderUnreachable where the provider does not answer; it must not take other time for names that it
        does not know.
        """


class BrowserProvider(Provider, Protocol):
    """Asks people itself, in their browser, which comes back with a code."""

    async def begin(self, redirect: str, state: str) -> Begun:
        """Where the browser has to go, to come back to `redirect`. Raises ProviderUnreachable."""

    async def complete(self, kept: Mapping[str, str], code: str, issuer: str) -> Proved:
        """Whom the code proves; `issuer` is who sent it, where that was told.

        Raises LoginFailed, ProviderUnreachable.
        """


class ProviderUnreachable(UnreachableError):
    """Whoever answers for these people does not answer."""

    code = "auth.provider-unreachable"


class OtherWay(LoginFailed):
    """The password alone is not enough there."""

    code = "auth.second-factor"
    default_hint = "log in by a browser (OIDC) instead, or by a personal API token"
