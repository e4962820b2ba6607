"""The servers that this user is logged in to, and which of them is chosen: one small file, read before anything else.

It is no part of the store: where commands run elsewhere, the store is not even opened. What counts as a login in it is
encrypted with the store's key.
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxmox_mpc.errors import DeniedError, NotFoundError, UsageError

if TYPE_CHECKING:
    from proxmox_mpc.settings import Settings

HERE = "local"
"""The name by which --server means this machine, whatever is chosen."""


class UnknownServer(NotFoundError):
    """There is no such server."""

    code = "server.unknown-name"


class LoginOver(DeniedError):
    """The login on the server is over."""

    code = "auth.login-over"


@dataclass(frozen=True)
class Known:
    """A server: where it is, as whom, which of its contexts is meant, how it is trusted; `login` is sealed."""

    name: str
    url: str
    user: str = ""
    context: str = ""
    login: str = field(default="", repr=False)
    ca: str = ""
    fingerprint: str = ""
    insecure: bool = False


@dataclass(frozen=True)
class Servers:
    """The file."""

    file: Path

    @classmethod
    def of(cls, settings: Settings) -> Servers:
        return cls(settings.config_dir / "servers.json")

    def read(self) -> tuple[dict[str, Known], str]:
        """All servers by name, and the chosen one's name. Raises UsageError for a file that cannot be read."""
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
            found = {str(name): Known(str(name), **entry) for name, entry in content["servers"].items()}
            return found, str(content.get("current", ""))
        except FileNotFoundError:
            return {}, ""
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(f"{self.file} cannot be read", hint="move it away and log in again") from None

    def get(self, name: str) -> Known:
        """A server. Raises UnknownServer."""
        found, _ = self.read()
        if name not in found:
            names = ", ".join(found)
            hint = f"known: {names}" if names else "proxmox-cli login URL"
            raise UnknownServer(f"there is no server {name!r}", hint=hint)
        return found[name]

    def save(self, server: Known, *, choose: bool = False) -> None:
        """Keep a server."""
        with self.locked():
            found, current = self.read()
            self._write({**found, server.name: server}, server.name if choose else current)

    def forget(self, name: str) -> None:
        """Forget a server and the login on it."""
        with self.locked():
            found, current = self.read()
            found.pop(name, None)
            self._write(found, "" if current == name else current)

    def choose(self, name: str) -> None:
        """Make a server the current one; without a name, none."""
        with self.locked():
            found, current = self.read()
            if current != name:
                self._write(found, name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else writes meanwhile: a login that is renewed by two at once would end."""
        import fcntl

        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, servers: Mapping[str, Known], current: str) -> None:
        entries = {
            name: {key: value for key, value in asdict(one).items() if key != "name" and value}
            for name, one in servers.items()
        }
        draft = self.file.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump({"current": current, "servers": entries}, out, indent=2)
        draft.replace(self.file)


@dataclass(frozen=True)
class Place:
    """Where commands run: on this server, in this context of it."""

    server: Known
    context: str


def place_of(servers: Servers, server: str, context: str, *, here: bool, workspace_rules: bool) -> Place | None:
    """The server that is meant, or None for this machine.

    A server that is named counts most, then a context that is a server's (`team`, `team/lab`), then what the workspace
    and environment say of a cluster, then the server that was chosen. Raises UnknownServer.
    """
    if server == HERE:
        return None
    known, current = servers.read()
    if server:
        found = known.get(server) or next((one for one in known.values() if one.url == server.rstrip("/")), None)
        if found is None:
            hint = f"proxmox-cli login {server}" if "://" in server else f"known: {', '.join(known) or 'none'}"
            raise UnknownServer(f"there is no login on {server}", hint=hint)
        return Place(found, context or found.context)
    if here:
        return None
    name, _, inner = context.partition("/")
    if name in known:
        return Place(known[name], inner or known[name].context)
    if current in known and not workspace_rules:
        return Place(known[current], context or known[current].context)
    return None


def tls(server: Known) -> Any:
    """How aiohttp shall trust it."""
    import ssl

    import aiohttp

    if server.fingerprint:
        return aiohttp.Fingerprint(bytes.fromhex(server.fingerprint.replace(":", "")))
    if server.insecure:
        return False
    return ssl.create_default_context(cadata=server.ca) if server.ca else True


@asynccontextmanager
async def logged_in(
    servers: Servers, place: Place, seal: Callable[[str], str], unseal: Callable[[str], str], now: Callable[[], float]
) -> AsyncIterator[Any]:
    """A server to ask as the one who is logged in there; the login is renewed, and kept, when it has to be."""
    from proxmox_mpc.bootstrap.remote import Asking, connected

    name = place.server.name

    async def token(fresh: bool) -> str:
        login = _login(servers.get(name), unseal)
        if "token" in login:
            return str(login["token"])
        if not fresh and now() < login["until"]:
            return str(login["access"])
        with servers.locked():
            entry = servers.get(name)
            newer = _login(entry, unseal)
            if newer["access"] == login["access"]:
                asked = Asking("POST", "/auth/refresh", {}, {"refreshToken": newer["refresh"]})
                newer = login_of(await server.ask_openly(asked), now())
                found, current = servers.read()
                servers._write({**found, name: replace(entry, login=seal(json.dumps(newer)))}, current)
            return str(newer["access"])

    async with connected(place.server.url, token, place.context, ssl=tls(place.server)) as server:
        yield server


def login_of(answer: Mapping[str, Any], now: float) -> dict[str, Any]:
    """What is kept of a login: the tokens, and until when the access token counts, with a little to spare."""
    return {
        "access": answer["accessToken"],
        "refresh": answer["refreshToken"],
        "until": now + float(answer["expiresInS"]) - _SPARE_S,
    }


_SPARE_S = 10.0
"""A token that ends while its request is under way is of no use."""


def _login(server: Known, unseal: Callable[[str], str]) -> dict[str, Any]:
    if not server.login:
        raise LoginOver(f"nobody is logged in on {server.name}", hint=f"proxmox-cli login {server.url}")
    found: dict[str, Any] = json.loads(unseal(server.login))
    return found
