"""Reading URLs that users name: chart repositories and charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from proxmox_mpc.errors import DeniedError, InvalidInput, NotFoundError, UnreachableError, UsageError

if TYPE_CHECKING:
    import aiohttp

    from proxmox_mpc.bootstrap.outbound import Outbound, Purpose

FETCH_LIMIT = 64 << 20
"""Bytes that are read from a URL: the biggest public index.yaml has about 30 MiB, a chart may have 20."""
PATIENCE_S = 60.0
"""How long one answer may take."""


_SCHEMES = ("http://", "https://")
MOST_REDIRECTS = 10
"""As many as browsers' clients follow."""


async def fetch(url: str, username: str = "", password: str = "", *, outbound: Outbound | None = None) -> bytes:
    """What a URL of http or https answers; a login is sent to its own host only.

    With `outbound`, each host on the way has to be one that a server may reach. Raises UsageError for other URLs,
    NotFoundError, DeniedError, UnreachableError, InvalidInput for what is too big, OutboundRefused.
    """
    import aiohttp

    if not url.startswith(_SCHEMES):
        raise UsageError(f"{url!r} is no URL that can be fetched", hint="https://…")
    login = aiohttp.encode_basic_auth(username, password) if username or password else ""
    origin = _origin(url)
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        for _ in range(MOST_REDIRECTS):
            headers = {"User-Agent": "proxmox-mpc"}
            if login and _origin(url) == origin:
                headers["Authorization"] = login
            connector = await connector_to(url, outbound, "content")
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
                http.get(url, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status in (301, 302, 303, 307, 308) and (target := answer.headers.get("Location")):
                    if not (url := urljoin(url, target)).startswith(_SCHEMES):
                        raise UnreachableError(f"it leads to {url!r}, which is no URL that can be fetched")
                    continue
                return await _content(url, answer)
        raise UnreachableError(f"{url} leads from one place to another without an end")
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise UnreachableError(f"{url} cannot be read: {str(error) or type(error).__name__}") from None


async def _content(url: str, answer: aiohttp.ClientResponse) -> bytes:
    if answer.status in (401, 403):
        raise DeniedError(f"{url} wants a login", hint="proxmox-cli repo add NAME URL --username … --password …")
    if answer.status >= 400:
        raise NotFoundError(f"{url} answers {answer.status} {answer.reason}")
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_chunked(1 << 16):
        size += len(part)
        if size > FETCH_LIMIT:
            raise InvalidInput(f"{url} answers more than {FETCH_LIMIT >> 20} MiB")
        parts.append(part)
    return b"".join(parts)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


async def connector_to(url: str, outbound: Outbound | None, purpose: Purpose, tls: Any = True) -> aiohttp.TCPConnector:
    """Connects to where the server may; addresses that are written out no resolver is asked for."""
    import aiohttp

    if outbound is None:
        return aiohttp.TCPConnector(ssl=tls)
    parts = urlsplit(url)
    await outbound.check(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), purpose)
    return aiohttp.TCPConnector(resolver=outbound.resolver(purpose), ssl=tls)
