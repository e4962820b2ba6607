"""Fetching by HTTP, from this machine only: tests and workshops serve files on loopback, and nothing else is reached.

Errors read as wget and PVE's own client word them.
"""

from __future__ import annotations

import bz2
import contextlib
import hashlib
import ipaddress
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp

from proxmox_mpc.simulator._errors import die

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=30)
_REDIRECTS = 5
_CHUNK = 256 * 1024

# How much of a file's beginning is kept: enough for the header of an image.
_HEAD = 64


@dataclass(frozen=True)
class Fetched:
    """What came: sizes in bytes, the first bytes, a checksum if one was asked for, and all of it only when wanted."""

    size: int
    head: bytes
    checksum: str
    body: bytes


def is_local(url: str) -> bool:
    """Does the address lead to this machine?"""
    try:
        host = urlsplit(url).hostname or ""
        if host == "localhost":
            return True
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def place(url: str) -> str:
    """Host and port, as error texts name them; all of an address that has no such parts."""
    try:
        parts: SplitResult = urlsplit(url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
    except ValueError:
        return url


class FetchError(Exception):
    """Why nothing came, in a few words: `Connection refused`, or a status and its reason."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


@contextlib.asynccontextmanager
async def request(
    method: str,
    url: str,
    *,
    verify: bool = True,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """An answer with status 200. Redirections are followed as long as they stay on this machine."""
    async with aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False) as session:
        for _ in range(_REDIRECTS):
            if not is_local(url):
                raise FetchError(f"redirected to {urlsplit(url).hostname}, which a simulator does not reach")
            try:
                answer = await session.request(
                    method, url, ssl=verify, headers=headers, data=form, allow_redirects=False
                )
            except (aiohttp.ClientError, OSError) as error:
                raise FetchError(_why(error)) from error
            async with answer:
                if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                    url = urljoin(url, answer.headers["Location"])
                    continue
                if answer.status != 200:
                    raise FetchError(answer.reason or "", answer.status)
                yield answer
                return
        raise FetchError("redirected too often")


def _why(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError | ssl.SSLError):
        return "certificate verify failed"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return "Connection refused"
    return "Connection timed out" if isinstance(error, TimeoutError) else str(error)


def unpacker(compression: str) -> Callable[[bytes], bytes]:
    """Undoes a compression, chunk by chunk."""
    if not compression:
        return lambda chunk: chunk
    if compression == "gz":
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress
    if compression == "bz2":
        return bz2.BZ2Decompressor().decompress
    die(f"decompressing '{compression}' is not simulated yet")


async def receive(
    answer: aiohttp.ClientResponse, *, algorithm: str = "", compression: str = "", keep: bool = False
) -> Fetched:
    """Read an answer's body. The checksum is that of what came, the size that of what it unfolds to."""
    digest = hashlib.new(algorithm, usedforsecurity=False) if algorithm else None
    unpack, size, head, kept = unpacker(compression), 0, b"", bytearray()
    try:
        async for chunk in answer.content.iter_chunked(_CHUNK):
            if digest:
                digest.update(chunk)
            data = unpack(chunk)
            size += len(data)
            head = head or data[:_HEAD]
            if keep:
                kept += data
    except (aiohttp.ClientError, TimeoutError) as error:
        raise FetchError("Connection closed") from error
    except (zlib.error, OSError, EOFError) as error:
        die(f"decompression failed: {error}")
    return Fetched(size, head, digest.hexdigest() if digest else "", bytes(kept))
