"""Logging in to a server: what login needs, step by step."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from proxmox_mpc.bootstrap import keep_login
from proxmox_mpc.bootstrap.remote import Asking, Server, connected
from proxmox_mpc.bootstrap.servers import Known, login_of, tls
from proxmox_mpc.errors import UsageError

T = TypeVar("T")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
LOCAL = "local"
"""The server itself answers for its users."""


def described(url: str, name: str, context: str, ca: Path | None, fingerprint: str, insecure: bool) -> Known:
    """The server that is meant. Raises UsageError, also for plain http to another machine."""
    written = url if "://" in url else f"https://{url}"
    parts = urlsplit(written.rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise UsageError(f"{url!r} is no server's URL", hint="https://HOST or https://HOST:PORT")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not insecure:
        hint = "https://…, or --insecure where the network between is trusted"
        raise UsageError(f"{url} has no encryption: the password would travel readable", hint=hint)
    return Known(
        name=name or parts.hostname,
        url=f"{parts.scheme}://{parts.netloc}{parts.path}",
        context=context,
        ca=ca.read_text(encoding="utf-8") if ca else "",
        fingerprint=fingerprint,
        insecure=insecure,
    )


def secret(given: str | None, title: str) -> str:
    """What was given, or is read from standard input or the terminal, so that it stands in no history."""
    if given == "-":
        return sys.stdin.readline().rstrip("\n")
    if given is None:
        return str(click.prompt(title, hide_input=True, err=True))
    return given


def new_password() -> str:
    """Chosen by who sits there, twice; its rule is told before."""
    from proxmox_mpc.people.passwords import RULE

    return str(click.prompt(f"New password ({RULE})", hide_input=True, confirmation_prompt="Once more", err=True))


def by_password(server: Known, user: str, given: str | None, provider: str) -> str:
    """Log in; who has to change the password does so now. The user's name.

    A password that is read from standard input (`-`) may be followed by the new one, on a line of its own.
    """
    password = secret(given, "Password")
    body = {"name": user, "password": password, "provider": provider, "client": "proxmox-cli"}
    answer = ask(server, "", lambda it: it.ask_openly(Asking("POST", "/auth/login", {}, body)))
    if answer["mustChangePassword"]:
        click.echo("This password was for the first login only.", err=True)
        new = (secret(given, "") if given == "-" else "") or new_password()
        changing = {"currentPassword": password, "newPassword": new, "client": "proxmox-cli"}
        _, answer = ask(
            server, answer["accessToken"], lambda it: it.ask(Asking("POST", "/auth/password", {}, changing))
        )
    keep_login(server, str(answer["user"]), login_of(answer, time.time()))
    return str(answer["user"])


def by_token(server: Known, token: str) -> str:
    """Use a personal API token; the name of its user."""
    _, answer = ask(server, token, lambda it: it.ask(Asking("GET", "/auth/me", {}, None)))
    keep_login(server, str(answer["name"]), {"token": token})
    return str(answer["name"])


def goes_by_browser(server: Known, provider: str) -> bool:
    """Whether a provider asks people by their browser. One that the server does not know is told when it is asked."""
    if provider == LOCAL:
        return False
    answer = ask(server, "", lambda it: it.ask_openly(Asking("GET", "/auth/providers", {}, None)))
    return any(one["name"] == provider and one["by"] == "browser" for one in answer["items"])


def ask(server: Known, token: str, work: Callable[[Server], Awaitable[Any]]) -> Any:
    """What the server answers to somebody with this token; without one, to anybody."""

    async def known(fresh: bool) -> str:
        return token

    async def run() -> Any:
        async with connected(server.url, known, ssl=tls(server)) as it:
            return await work(it)

    return asyncio.run(run())
