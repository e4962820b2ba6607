"""HTTP on aiohttp: one exchange with one endpoint, with the three ways it can fail.

The only file that imports aiohttp; `Cluster` loads it when it is opened.
"""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from proxmox_mpc.pve import _trust
from proxmox_mpc.pve._failures import Lost, NotSent
from proxmox_mpc.pve._limits import Limits
from proxmox_mpc.pve.answers import Answer
from proxmox_mpc.pve.target import Trust

Body = Callable[[], AsyncIterator[bytes]]


class Wire:
    """Connections to the endpoints of one cluster.

    Reads share pooled connections. A write gets a connection of its own: PVE closes idle connections after
    seconds and busy ones after about a hundred requests (9.1.7), and a write that meets such an end cannot be
    told from one that was carried out.
    """

    def __init__(self, trust: Trust, limits: Limits, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver
        self._tls = _trust.tls(trust)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=limits.connect_s, sock_read=limits.answer_s)
        self._reads = self._session(timeout, limits.per_cluster, force_close=False)
        self._writes = self._session(timeout, limits.per_cluster, force_close=True)

    def _session(self, timeout: aiohttp.ClientTimeout, size: int, *, force_close: bool) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=size, force_close=force_close, ssl=self._tls, resolver=self._resolver),
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_send_once,) if force_close else (),
        )

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reads.close()
        await self._writes.close()

    async def exchange(
        self,
        endpoint: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        form: str | None = None,
        body: Body | None = None,
    ) -> Answer:
        """Send one request, once; `NotSent`, `NotTrusted` or `Lost` where no whole answer came."""
        data: Any = body() if body else form
        session = self._reads if method == "GET" else self._writes
        try:
            async with session.request(
                method,
                URL(f"{endpoint}/api2/json{path}", encoded=True),
                headers=headers,
                data=data,
                allow_redirects=False,
            ) as response:
                content = await response.read()
                kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Answer(response.status, response.reason or "", kind, content)
        except aiohttp.ClientConnectorCertificateError as error:
            raise await _trust.explain(endpoint, error) from None
        except aiohttp.ServerFingerprintMismatch as error:
            raise _trust.mismatch(error) from None
        except aiohttp.ConnectionTimeoutError:
            raise NotSent("no answer to the connection attempt") from None
        except aiohttp.ClientConnectorError as error:
            raise NotSent(_reason(error)) from None
        except (aiohttp.ClientError, _SentOnce, TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            raise Lost(_reason(error.__cause__ or error)) from None


class _SentOnce(Exception):
    """Carries a broken connection past aiohttp, which would send PUT and DELETE a second time."""


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _SentOnce from error


def _reason(error: BaseException) -> str:
    """Why a connection failed, in a few words; aiohttp's own sentences repeat the address."""
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLError):
        return f"TLS failed: {(cause.reason or 'handshake').replace('_', ' ').lower()}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "the host name is unknown"
    if isinstance(cause, aiohttp.SocketTimeoutError | TimeoutError):
        return "no answer in time"
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return "the server closed the connection without an answer"
    if isinstance(cause, OSError) and cause.errno and cause.errno in errno.errorcode:
        return os.strerror(cause.errno).lower()
    if isinstance(cause, aiohttp.ClientPayloadError):
        return "the answer broke off"
    if isinstance(cause, aiohttp.ClientResponseError):
        return "what answers does not speak HTTP"
    return str(cause) or type(cause).__name__
