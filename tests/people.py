"""Sessions of people on a store as a server's, for tests: real store, real gate, real tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions._action import Action, Q, R
from proxmox_mpc.actions._authentication import authenticate
from proxmox_mpc.actions._gate import AuditEntry
from proxmox_mpc.actions._logins import LoginResult
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.login import LoginRequest, login
from proxmox_mpc.bootstrap import find_action
from proxmox_mpc.bootstrap.providers import Opening
from proxmox_mpc.people.passwords import hashed
from proxmox_mpc.people.providers import PasswordProvider
from proxmox_mpc.people.session_tokens import SessionTokens
from proxmox_mpc.store import Context, LoginProvider, Store, User

PASSWORD = "correct horse battery"
TOKENS = SessionTokens((b"k" * 32,), timedelta(minutes=15))
OWN_URL = "https://mpc.example.org"
OWNER = Who("owner", Access.everything())
"""Who works on the embedded store."""


async def _nothing(*_: Any) -> Any:
    raise AssertionError("people have nothing to do with clusters")


@dataclass
class Server:
    """What carries out actions for whoever asks, and what it wrote down meanwhile."""

    store: Store
    providers: dict[str, PasswordProvider] = field(default_factory=dict)
    written: list[AuditEntry] = field(default_factory=list)

    async def ask(self, who: Who, action: Action[Q, R], request: Q) -> R:
        async def store(parts: object) -> Store:
            return self.store

        async def record(entry: AuditEntry) -> None:
            self.written.append(entry)

        async def context(session: Session) -> Context:
            return Context("home", ("https://pve",))

        async def open_provider(provider: LoginProvider) -> Any:
            if provider.name in self.providers:
                return self.providers[provider.name]
            return await Opening(self.store, self.store.users.database.now, own_url=OWN_URL).open(provider)

        session = Session(
            who=who, open_store=store, choose_context=context, list_contexts=_nothing, check_context=lambda _: None,
            open_cluster=_nothing, open_twin=_nothing, fingerprint=str, seal=str, unseal=str,
            now=self.store.users.database.now, new_uid=lambda: "uid", find_action=find_action, fetch=_nothing,
            record=record, session_tokens=lambda: TOKENS, open_provider=open_provider,
            own_url=OWN_URL,
        )  # fmt: skip
        return await action(session, request)

    async def login(self, name: str, password: str = PASSWORD, address: str = "10.0.0.1", **more: str) -> LoginResult:
        request = LoginRequest(name=name, password=password, **more)
        return await self.ask(Who("anonymous", address=address), login, request)

    async def who(self, token: str, address: str = "10.0.0.1") -> Who:
        return await authenticate(self.store, TOKENS, token, address=address)

    async def enter(self, name: str, password: str = PASSWORD) -> Who:
        return await self.who((await self.login(name, password)).access_token)

    async def provide(self, name: str, provider: PasswordProvider, **more: Any) -> None:
        """Have somebody else answer for people, too."""
        self.providers[name] = provider
        settings = {"type": "ldap", "url": "ldaps://ldap.example.org", "base": "dc=example,dc=org"}
        values = {"groups": {}, "create_users": "all", **more}
        await self.store.login_providers.put(LoginProvider(name, "ldap", settings, **values))

    async def user(self, name: str, role: str = "", contexts: str = "*", namespaces: str = "*") -> User:
        """A user with the password of all, and maybe a role."""
        user = User(f"id-{name}", name, self.store.users.database.now(), await hashed(PASSWORD))
        await self.store.users.create(user)
        if role:
            places = (contexts.split(","), namespaces.split(","))
            await self.store.grants.add("user", user.id, role, *places, built_in=True)
        return user
