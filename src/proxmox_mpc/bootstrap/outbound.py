"""Where a server may connect to on behalf of somebody elsewhere: not to what only this machine and its network see."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from proxmox_mpc.errors import RefusedError

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Purpose = Literal["content", "cluster", "login"]
"""What is fetched from hosts that users name (charts, webhooks); or what may stand in a private network: a cluster, and
who answers for people."""


class OutboundRefused(RefusedError):
    """The server does not connect to that address."""

    code = "outbound.refused"
    http_status = 403
    default_hint = "the server's OUTBOUND_ALLOW names hosts and networks that it may reach besides: HOST, 10.1.0.0/16"


@dataclass(frozen=True)
class Outbound:
    """Which hosts may be reached: those that `allow` names (names, addresses, networks), and public ones."""

    allow: Sequence[str] = ()

    async def check_url(self, url: str) -> None:
        """Whether content may be sent to a URL. Raises OutboundRefused; a host that nobody knows yet is fine."""
        parts = urlsplit(url)
        with suppress(OSError):
            await self.check(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), "content")

    async def check(self, host: str, port: int, purpose: Purpose) -> list[str]:
        """The addresses of a host, all of them fine; to be connected to as they are, for a name may change its mind.

        Raises OutboundRefused, also where one of several addresses is not fine; OSError for an unknown host.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        for address in addresses:
            parsed = ipaddress.ip_address(address.partition("%")[0])
            if not (self._is_named(host, parsed) or _is_fine(parsed, purpose)):
                shown = host if host.strip("[]") == address else f"{host} ({address})"
                raise OutboundRefused(f"{shown} is where the server connects to for nobody")
        return addresses

    async def check_endpoints(self, endpoints: Iterable[str]) -> None:
        """Whether a cluster's endpoints may be connected to. Raises OutboundRefused."""
        for endpoint in endpoints:
            where = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
            try:
                await self.check(where.hostname or "", where.port or 8006, "cluster")
            except OutboundRefused:
                raise
            except OSError:
                continue  # an endpoint that cannot be found may be down: the client tries the others

    def resolver(self, purpose: Purpose) -> AbstractResolver:
        """What HTTP clients find hosts by: names are checked when they are connected to, and by what they mean then."""
        from aiohttp.abc import AbstractResolver

        check = self.check

        class Checked(AbstractResolver):
            async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[Any]:
                facts = {"hostname": host, "port": port, "proto": 0, "flags": 0}
                found = await check(host, port, purpose)
                return [{**facts, "host": address, "family": _family(address)} for address in found]

            async def close(self) -> None:
                pass

        return Checked()

    def _is_named(self, host: str, address: Address) -> bool:
        for word in self.allow:
            if word.lower() == host.lower():
                return True
            try:
                if address in ipaddress.ip_network(word, strict=False):
                    return True
            except ValueError:
                continue  # a name
        return False


# Where IPv4 addresses hide in IPv6 ones, besides mapped and 6to4: translated (RFC 6052, 8215), compatible (RFC 4291).
_WITH_IPV4 = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")))
_METADATA = ipaddress.ip_address("fd00:ec2::254")
"""Where a cloud tells its machines their credentials, though its address looks like one of a private network."""


def _is_fine(address: Address, purpose: Purpose) -> bool:
    """Public addresses are; private ones are for clusters and logins. Never this machine, never link-local
    (cloud metadata)."""
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and any(address in network for network in _WITH_IPV4):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_fine(inner, purpose)
        if address.is_site_local or address == _METADATA:
            return False
    if address.is_reserved:
        return False
    return address.is_global or (purpose != "content" and address.is_private)


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
