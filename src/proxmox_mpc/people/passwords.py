"""Passwords: argon2id, worked on beside the event loop, a few at a time."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from proxmox_mpc.people.errors import PasswordWeak

if TYPE_CHECKING:
    from pwdlib import PasswordHash

T = TypeVar("T")

SHORTEST = 12
LONGEST = 512
"""Letters; more proves nothing and costs time."""
_FEWEST_DIFFERENT = 5
RULE = f"at least {SHORTEST} letters, not all alike, and more than your name"
"""What is told before somebody chooses one."""
# RFC 9106's second recommended choice, which is the library's default, takes 64 MiB for each: two at a time, so that
# many logins at once wait instead of taking all memory.
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="password")


@cache
def _hasher() -> PasswordHash:
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    return PasswordHash((Argon2Hasher(),))


@cache
def _nobodys() -> str:
    """What a password is compared with where there is nobody of that name: it takes the same time, and never fits."""
    return _hasher().hash(secrets.token_bytes(32))


def check_new(password: str, name: str) -> None:
    """Whether a password may be chosen by this user. Raises PasswordWeak."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordWeak(f"a password has {SHORTEST} to {LONGEST} letters")
    if len(set(password)) < _FEWEST_DIFFERENT:
        raise PasswordWeak("a password has several different letters")
    if name.casefold() in password.casefold() and len(password) - len(name) < SHORTEST:
        raise PasswordWeak("a password is more than the name and a few letters")


async def hashed(password: str) -> str:
    """What is kept of a password."""
    return await _beside(_hasher().hash, _octets(password))


async def verified(password: str, kept: str | None) -> tuple[bool, str | None]:
    """Whether it is the password that was kept; and what should be kept from now on, where that got stronger.

    Without one that was kept it takes as long, so that nobody learns which names there are.
    """
    from pwdlib.exceptions import PwdlibError

    there_is_one = bool(kept) and len(password) <= LONGEST
    try:
        compared = kept if kept and there_is_one else await _beside(_nobodys)
        fits, better = await _beside(_hasher().verify_and_update, _octets(password[:LONGEST]), compared)
    except PwdlibError:  # kept in a form that nobody knows any more
        return False, None
    return (fits, better) if there_is_one else (False, None)


async def _beside(work: Callable[..., T], *arguments: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)


def _octets(password: str) -> bytes:
    """The same for what looks the same: keyboards compose letters in different ways."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
