"""Directories, asked by LDAP: somebody is searched, then bound with the password that was typed."""

from __future__ import annotations

import asyncio
import re
import secrets
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from proxmox_mpc import telemetry
from proxmox_mpc.people.provider_settings import LdapSettings
from proxmox_mpc.people.providers import Proved, ProviderUnreachable

if TYPE_CHECKING:
    from ldap3 import Connection

T = TypeVar("T")
_log = telemetry.Logger("people")
_CONNECT_S, _ANSWER_S, _LOGIN_S = 5, 10, 30
"""How long a directory may take to be there, for one answer, and for all that a login needs."""
_MOST_GROUPS = 1000
_PORTS = {"ldap": 389, "ldaps": 636}
# Beside the event loop, and beside everything else: a directory that hangs holds up nobody but who asks it.
_THREADS = ThreadPoolExecutor(8, thread_name_prefix="directory")


@dataclass(frozen=True)
class Directory:
    """One directory; `reach` answers the addresses of a host, and raises where it must not be reached."""

    settings: LdapSettings
    secret: str = field(repr=False)
    reach: Callable[[str, int], Awaitable[list[str]]]

    async def prove(self, name: str, password: str) -> Proved | None:
        """Who is found by that name, once, and binds with that password; nobody takes as long."""
        if not name or not password:
            return None
        return await self._beside(lambda address: self._prove(address, name, password))

    async def test(self) -> str:
        """Whether it answers, trusts the searcher's login, and has the base."""
        return await self._beside(self._test)

    async def _beside(self, work: Callable[[str], T]) -> T:
        host, port, _ = self._where
        try:
            addresses = await self.reach(host, port)
            async with asyncio.timeout(_LOGIN_S):
                return await asyncio.get_running_loop().run_in_executor(_THREADS, self._somewhere, addresses, work)
        except TimeoutError:
            raise ProviderUnreachable(f"{host} does not answer within {_LOGIN_S} s") from None
        except OSError as error:
            raise ProviderUnreachable(f"{host} cannot be found: {error.strerror or error}") from None

    def _somewhere(self, addresses: Sequence[str], work: Callable[[str], T]) -> T:
        """Work with the first address that answers. Raises ProviderUnreachable."""
        from ldap3.core.exceptions import LDAPCommunicationError

        why: Exception = OSError("it has no address")
        for address in addresses:
            try:
                return work(address)
            except (LDAPCommunicationError, OSError) as error:
                why = error
            except ProviderUnreachable:
                raise
            except Exception as error:  # where what answers is no directory, the library fails in any way
                why = error
                break
        raise ProviderUnreachable(f"{self._where[0]} does not answer as a directory should: {_reason(why)}")

    @property
    def _where(self) -> tuple[str, int, bool]:
        parts = urlsplit(self.settings.url)
        return parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.scheme == "ldaps"

    def _prove(self, address: str, name: str, password: str) -> Proved | None:
        told = self.settings
        wanted = [told.id_attribute, told.name_attribute, told.display_attribute, told.email_attribute, told.member_of]
        with self._bound(address, told.bind_dn, self.secret) as connection:
            entries = _search(connection, told.base, _filled(told.filter, name=name), wanted, most=2)
            if len(entries) > 1:
                _log.warning("a name is that of several in the directory", base=told.base, filter=told.filter)
            entry = entries[0] if len(entries) == 1 else None
            # Who is not there is bound too, so that nobody learns by the time it takes which names there are.
            dn = entry["dn"] if entry is not None else f"{told.name_attribute}={secrets.token_hex(8)},{told.base}"
            if not self._binds(address, dn, password) or entry is None:
                return None
            return self._proved(entry, self._groups(connection, entry))

    def _proved(self, entry: dict[str, Any], groups: list[str]) -> Proved | None:
        told = self.settings
        id, name = (_first(entry, attribute) for attribute in (told.id_attribute, told.name_attribute))
        if not id or not name:
            _log.warning("somebody in the directory has no id or name", id=told.id_attribute, name=told.name_attribute)
            return None
        return Proved(id, name, _first(entry, told.display_attribute), _first(entry, told.email_attribute), (*groups,))

    def _groups(self, connection: Connection, entry: dict[str, Any]) -> list[str]:
        told = self.settings
        named = _values(entry, told.member_of)
        if not told.group_base:
            return named
        wanted = _filled(told.group_filter, dn=entry["dn"], name=_first(entry, told.name_attribute))
        found = _search(connection, told.group_base, wanted, ["cn"], most=_MOST_GROUPS)
        return [*named, *(name for group in found for name in (str(group["dn"]), *_values(group, "cn")))]

    def _test(self, address: str) -> str:
        with self._bound(address, self.settings.bind_dn, self.secret) as connection:
            found = _search(connection, self.settings.base, "(objectClass=*)", ["objectClass"], most=1, here=True)
        if not found:
            raise ProviderUnreachable(f"there is no {self.settings.base}, or it may not be read")
        return f"{self._where[0]} answers, and has {self.settings.base}"

    def _binds(self, address: str, dn: str, password: str) -> bool:
        from ldap3.core.exceptions import LDAPBusyResult, LDAPOperationResult, LDAPUnavailableResult

        try:
            with self._bound(address, dn, password):
                return True
        except (LDAPBusyResult, LDAPUnavailableResult):
            raise
        except LDAPOperationResult:
            return False

    @contextmanager
    def _bound(self, address: str, dn: str, password: str) -> Iterator[Connection]:
        """A connection on which somebody is bound; without a name nobody. Its certificate is that of the host."""
        from ldap3 import ANONYMOUS, NONE, SIMPLE, Connection, Server, Tls

        host, port, encrypted = self._where
        tls = Tls(
            validate=ssl.CERT_REQUIRED, ca_certs_data=self.settings.ca or None, valid_names=[host], sni=host or None
        )
        server = Server(address, port=port, use_ssl=encrypted, tls=tls, get_info=NONE, connect_timeout=_CONNECT_S)
        login = {"user": dn, "password": password, "authentication": SIMPLE} if dn else {"authentication": ANONYMOUS}
        connection = Connection(
            server,
            **login,
            auto_referrals=False,  # else whoever answers could have the password sent elsewhere
            check_names=False,
            read_only=True,
            receive_timeout=_ANSWER_S,
            raise_exceptions=True,
        )
        try:
            connection.open()
            if not encrypted and not self.settings.plain and not (connection.start_tls() and connection.tls_started):
                raise ProviderUnreachable(f"{host} cannot StartTLS", hint="ldaps://, or plain where that is accepted")
            connection.bind()
            yield connection
        finally:
            with suppress(Exception):  # it may be gone; what came of it is known
                connection.unbind()


def _search(
    connection: Connection, base: str, wanted: str, attributes: list[str], *, most: int, here: bool = False
) -> list[dict[str, Any]]:
    from ldap3 import BASE, SUBTREE
    from ldap3.core.exceptions import LDAPNoSuchObjectResult, LDAPSizeLimitExceededResult

    scope = BASE if here else SUBTREE
    try:
        connection.search(base, wanted, scope, attributes=attributes, size_limit=most, time_limit=_ANSWER_S)
    except LDAPSizeLimitExceededResult:
        pass  # those that came are enough to know that there are too many
    except LDAPNoSuchObjectResult:
        return []
    return [one for one in connection.response or () if one.get("type") == "searchResEntry"]


def _filled(template: str, **values: str) -> str:
    """A filter with values in it that stay values, whatever they are."""
    from ldap3.utils.conv import escape_filter_chars

    # In one go: a name that is written {dn} stays what it is.
    wanted = re.compile("|".join(re.escape(f"{{{name}}}") for name in values))
    return wanted.sub(lambda found: escape_filter_chars(values[found[0][1:-1]]), template)


def _values(entry: dict[str, Any], attribute: str) -> list[str]:
    """What an entry has of an attribute, as text; octets that are none (an objectGUID) in hex."""
    found = {name.lower(): values for name, values in entry["raw_attributes"].items()}.get(attribute.lower(), [])
    return [_text(value) for value in found]


def _text(value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return value.hex()
    return text if text.isprintable() else value.hex()


def _first(entry: dict[str, Any], attribute: str) -> str:
    return next(iter(_values(entry, attribute)), "")


def _reason(error: Exception) -> str:
    """The first line of what went wrong, which tells no password."""
    return (str(error) or type(error).__name__).partition("\n")[0][:200]
