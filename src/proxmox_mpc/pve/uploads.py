"""Files on their way to a storage: a multipart body that is streamed, never held."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from proxmox_mpc.errors import InvalidInput

CHUNK_BYTES = 1 << 20  # large enough that a thread hop per chunk does not show, small enough for smooth progress

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Upload:
    """A file's multipart body; its length is in the headers, for PVE does not take chunked bodies."""

    headers: Mapping[str, str]
    _head: bytes
    _tail: bytes
    _source: Path | bytes
    _size: int
    _on_progress: Progress | None

    async def body(self) -> AsyncIterator[bytes]:
        """The bytes, from the start: each try of an upload takes them anew."""
        yield self._head
        sent = 0
        async for chunk in _chunks(self._source):
            yield chunk
            sent += len(chunk)
            if self._on_progress:
                self._on_progress(sent, self._size)
        yield self._tail


def prepare(source: Path | bytes, filename: str, fields: dict[str, str], on_progress: Progress | None = None) -> Upload:
    """The upload of a file with its form fields, which PVE wants before the file (9.1.7)."""
    if not filename or any(c in filename for c in '"\\/\r\n\0'):
        raise InvalidInput(f"{filename!r} cannot be the name of an uploaded file")
    size = len(source) if isinstance(source, bytes) else _size(source)
    boundary = f"proxmox-mpc-{secrets.token_hex(16)}"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = "".join(parts) + (
        f'--{boundary}\r\nContent-Disposition: form-data; name="filename"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    tail = f"\r\n--{boundary}--\r\n"
    return Upload(
        headers={
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(len(head.encode()) + size + len(tail)),
        },
        _head=head.encode(),
        _tail=tail.encode(),
        _source=source,
        _size=size,
        _on_progress=on_progress,
    )


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError as error:
        raise InvalidInput(f"cannot read {file}: {error.strerror}") from None


async def _chunks(source: Path | bytes) -> AsyncIterator[bytes]:
    if isinstance(source, bytes):
        for start in range(0, len(source), CHUNK_BYTES):
            yield source[start : start + CHUNK_BYTES]
        return
    file = await asyncio.to_thread(source.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
    finally:
        await asyncio.to_thread(file.close)
