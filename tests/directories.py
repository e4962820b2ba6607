"""Directories for tests: a real one, and TLS before it, from the first byte or from when it is asked for (StartTLS)."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from tests.unit.pve.certificates import self_signed

START_TLS = b"1.3.6.1.4.1.1466.20037"


SUCCESS, PROTOCOL_ERROR = 0, 2


def start_tls_answer(asked: bytes, code: int) -> bytes:
    """The answer to a request for TLS, of the same number."""
    number = asked[2 : 4 + asked[3]]  # an INTEGER, after the SEQUENCE's own two octets
    answer = bytes([0x78, 7, 0x0A, 1, code, 4, 0, 4, 0])
    return bytes([0x30, len(number) + len(answer)]) + number + answer


@contextmanager
def directory(ldif: str) -> Iterator[int]:
    """The port of a running directory with these entries."""
    words = [sys.executable, "-P", str(Path(__file__).parent / "ldap_process.py")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{ldif}\n".encode())
            process.stdin.close()
            yield int(process.stdout.readline())
        finally:
            process.kill()


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, str]:
    """What a server of that name shows, and the authority (itself) as PEM."""
    made = self_signed(folder, host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key_file)
    return context, made.file.read_text()


@asynccontextmanager
async def encrypted(port: int, tls: ssl.SSLContext, *, starts: bool = False) -> AsyncIterator[int]:
    """The port of a way to a directory that speaks TLS; with `starts`, once that is asked for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            if starts:
                asked = await reader.read(200)
                assert START_TLS in asked
                writer.write(start_tls_answer(asked, SUCCESS))
                await writer.start_tls(tls)
            inner_reader, inner = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_copied(reader, inner), _copied(inner_reader, writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if starts else tls)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()
