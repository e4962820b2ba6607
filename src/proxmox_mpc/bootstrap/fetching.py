"""Reading URLs that users name: chart repositories and charts."""

from __future__ import annotations

from proxmox_mpc.errors import DeniedError, InvalidInput, NotFoundError, UnreachableError, UsageError

FETCH_LIMIT = 64 << 20
"""Bytes that are read from a URL: the biggest public index.yaml has about 30 MiB, a chart may have 20."""
PATIENCE_S = 60.0
"""How long one answer may take."""


async def fetch(url: str, username: str = "", password: str = "") -> bytes:
    """What a URL of http or https answers; a login is sent to its own host only.

    Raises UsageError for other URLs, NotFoundError, DeniedError, UnreachableError, InvalidInput for what is too big.
    """
    import aiohttp

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is no URL that can be fetched", hint="https://…")
    headers = {"User-Agent": "proxmox-mpc"}
    if username or password:
        headers["Authorization"] = aiohttp.encode_basic_auth(username, password)
    try:
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.get(url, headers=headers) as answer,
        ):
            if answer.status in (401, 403):
                raise DeniedError(
                    f"{url} wants a login", hint="proxmox-cli repo add NAME URL --username … --password …"
                )
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
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise UnreachableError(f"{url} cannot be read: {str(error) or type(error).__name__}") from None
