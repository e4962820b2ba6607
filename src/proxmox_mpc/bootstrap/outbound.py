"""Where a server may connect to on behalf of somebody elsewhere: not to what only this machine and its network see."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from proxmox_mpc.errors import RefusedError

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
                raise OutboundRefused(f"{host} is {address}, where the server connects to for nobody")
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


def _is_fine(address: Address, purpose: Purpose) -> bool:
    """Public addresses are; private ones are for clusters and logins. Never this machine, nor what is
    link-local (cloud metadata)."""
    if isinstance(address, ipaddress.IPv6Address) and (inner := address.ipv4_mapped or address.sixtofour) is not None:
        return _is_fine(inner, purpose)
    if address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    return address.is_global or (purpose != "content" and address.is_private)
