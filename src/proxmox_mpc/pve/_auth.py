"""Who we are: a token's header, or tickets made from a password and renewed before they end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from proxmox_mpc.pve._shared import Shared
from proxmox_mpc.pve.clock import Clock
from proxmox_mpc.pve.errors import SecondFactorNeeded, UnexpectedAnswer
from proxmox_mpc.pve.request import Request
from proxmox_mpc.pve.target import Auth, Token

# A ticket ends after two hours. Renewing at 90 minutes leaves room for a cluster that is away for a while.
_RENEW_AFTER_S = 90 * 60

Send = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class Pass:
    """What a request carries to be let in; `ticket` is empty for tokens, which cannot be renewed."""

    headers: Mapping[str, str] = field(repr=False)
    ticket: str = field(default="", repr=False)


@dataclass(frozen=True)
class _Ticket:
    text: str = field(repr=False)
    csrf: str = field(repr=False)
    made_at: float
    user: str


class Gate:
    """Gives each request its pass. Tickets are fetched with `login`, at most one at a time."""

    def __init__(self, auth: Auth, login: Send, clock: Clock) -> None:
        self._auth = auth
        self._login = login
        self._clock = clock
        self._ticket: _Ticket | None = None
        self._renew = Shared(self._fetch)

    async def pass_for(self, request: Request) -> Pass:
        """The pass for a request; logs in or renews first where that is due."""
        if isinstance(self._auth, Token):
            return Pass({"Authorization": f"PVEAPIToken={self._auth.id}={self._auth.secret}"})
        ticket = self._ticket
        if ticket is None or self._clock.now() - ticket.made_at >= _RENEW_AFTER_S:
            ticket = await self._renew()
        headers = {"Cookie": f"PVEAuthCookie={quote(ticket.text, safe='')}"}
        if not request.reading:
            headers["CSRFPreventionToken"] = ticket.csrf
        return Pass(headers, ticket.text)

    async def log_in(self) -> str:
        """Have a ticket; whose it is, as the cluster writes the name."""
        if isinstance(self._auth, Token):
            return self._auth.id.partition("!")[0]
        return (self._ticket or await self._renew()).user

    def forget(self, refused: Pass) -> bool:
        """Drop the ticket of a pass that was refused; whether another try with a fresh one makes sense."""
        if not refused.ticket:
            return False
        if self._ticket is not None and self._ticket.text == refused.ticket:
            self._ticket = None
        return True

    async def _fetch(self) -> _Ticket:
        assert not isinstance(self._auth, Token)
        form = (("username", self._auth.user), ("password", self._auth.password))
        answer = await self._login(Request("POST", "/access/ticket", form))
        if not isinstance(answer, dict) or not isinstance(answer.get("ticket"), str):
            raise UnexpectedAnswer("the cluster accepted the login but sent no ticket")
        if answer.get("NeedTFA"):
            raise SecondFactorNeeded(f"{self._auth.user} needs a second factor to log in", status=401)
        user = str(answer.get("username") or self._auth.user)
        ticket = _Ticket(answer["ticket"], str(answer.get("CSRFPreventionToken", "")), self._clock.now(), user)
        self._ticket = ticket
        return ticket
