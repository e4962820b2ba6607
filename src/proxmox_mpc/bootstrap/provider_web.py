"""What a login asks of an OpenID provider over HTTP: nowhere but where a server may connect to, and nobody else."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxmox_mpc.bootstrap.fetching import connector_to
from proxmox_mpc.people.providers import ProviderUnreachable

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.outbound import Outbound

PATIENCE_S = 15.0
"""How long one answer may take: somebody waits for it."""
LARGEST = 1 << 20
"""Bytes of an answer; keys and descriptions have a few thousand."""


@dataclass(frozen=True)
class ProviderWeb:
    """Asks without following anybody elsewhere: what it sends are secrets."""

    outbound: Outbound | None
    ca: str = ""

    async def get(self, url: str, bearer: str = "") -> tuple[int, bytes]:
        """Status and content. Raises ProviderUnreachable, OutboundRefused."""
        return await self._ask("GET", url, None, f"Bearer {bearer}" if bearer else "")

    async def post(self, url: str, form: Mapping[str, str], basic: str = "") -> tuple[int, bytes]:
        """Status and content. Raises ProviderUnreachable, OutboundRefused."""
        return await self._ask("POST", url, form, basic)

    async def _ask(self, method: str, url: str, form: Mapping[str, str] | None, login: str) -> tuple[int, bytes]:
        import aiohttp

        headers = {"User-Agent": "proxmox-mpc", "Accept": "application/json"}
        if login:
            headers["Authorization"] = login
        try:
            tls = ssl.create_default_context(cadata=self.ca) if self.ca else True
            connector = await connector_to(url, self.outbound, "login", tls)
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as http,
                http.request(method, url, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                content = b""
                async for part in answer.content.iter_chunked(1 << 16):
                    content += part
                    if len(content) > LARGEST:
                        raise ProviderUnreachable(f"{url} answers more than {LARGEST >> 20} MiB")
                return answer.status, content
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise ProviderUnreachable(f"{url} cannot be reached: {str(error) or type(error).__name__}") from None
