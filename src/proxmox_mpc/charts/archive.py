"""A chart's `.tgz`, unpacked in memory: nothing in it names a place outside of it, or is bigger than a chart may be."""

from __future__ import annotations

import io
import posixpath
import re
from typing import TYPE_CHECKING

from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.language.quoting import quote

if TYPE_CHECKING:
    import tarfile

# Helm 4.2.3's limits.
MAX_CHART_BYTES = 100 * 1024 * 1024
MAX_FILE_BYTES = 5 * 1024 * 1024
# Big charts have some hundred files. Every entry costs memory, and an empty one next to nothing to its author.
MAX_ENTRIES = 20_000

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DRIVE = re.compile("[a-zA-Z]:/")
_TAR_ERRORS = {
    "empty file": "no files in chart archive",
    "truncated header": "unexpected EOF",
    "unexpected end of data": "unexpected EOF",
}
# The smallest gzip header; Go reads that much before it looks at the first byte.
_GZIP_HEADER_BYTES = 10


class Budget:
    """How many bytes may still be unpacked. A chart and the archives in it share one, so that they cannot multiply."""

    def __init__(self) -> None:
        self.left = MAX_CHART_BYTES

    def spend(self, size: int) -> None:
        if size > self.left:
            raise BadChart(f"decompressed chart is larger than the maximum size {MAX_CHART_BYTES}")
        self.left -= size


class _Metered(io.RawIOBase):
    """The tar stream. Its headers cost, too: they may be long, and there may be millions of them."""

    def __init__(self, source: io.BufferedIOBase) -> None:
        self.source = source
        self.left = 2 * MAX_CHART_BYTES

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        self.left -= len(data)
        if self.left < 0:
            raise BadChart(f"decompressed chart is larger than the maximum size {MAX_CHART_BYTES}")
        return data


def unpack(data: bytes, budget: Budget | None = None) -> dict[str, bytes]:
    """The files of an archive by their names below its one folder. Raises BadChart."""
    import gzip
    import tarfile
    import zlib

    budget = budget or Budget()
    if data[:2] != b"\x1f\x8b":
        raise BadChart("gzip: invalid header" if len(data) >= _GZIP_HEADER_BYTES else "unexpected EOF")
    try:
        with (
            gzip.GzipFile(fileobj=io.BytesIO(data)) as source,
            tarfile.open(fileobj=_Metered(source), mode="r|", encoding="utf-8", errors="surrogateescape") as tar,
        ):
            return _files(tar, budget)
    except BadChart:
        raise
    except EOFError:
        raise BadChart("unexpected EOF") from None
    except gzip.BadGzipFile:
        raise BadChart("gzip: invalid header") from None
    except zlib.error:
        raise BadChart("flate: corrupt input") from None
    except tarfile.ReadError as error:
        raise BadChart(_TAR_ERRORS.get(str(error), "archive/tar: invalid tar header")) from None
    except Exception:
        # Hostile headers make tarfile raise errors of many kinds.
        raise BadChart("archive/tar: invalid tar header") from None


def _files(tar: tarfile.TarFile, budget: Budget) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for entries, entry in enumerate(tar, start=1):
        if entries > MAX_ENTRIES:
            raise BadChart(f"chart archive holds more than {MAX_ENTRIES} files")
        if entry.isdir():
            continue
        name = inside(entry.name)
        if not entry.isreg():
            # Helm 4.2.3 takes a link for an empty file. Nothing good is in an archive that has one.
            raise BadChart(f"chart illegally contains a link or a device: {quote(entry.name)}")
        budget.spend(entry.size)
        if entry.size > MAX_FILE_BYTES:
            raise BadChart(
                f"decompressed chart file {quote(entry.name)} is larger than the maximum file size {MAX_FILE_BYTES}"
            )
        content = tar.extractfile(entry)
        files[name] = content.read().removeprefix(BYTE_ORDER_MARK) if content else b""
    if not files:
        raise BadChart("no files in chart archive")
    return files


def inside(path: str) -> str:
    """A path in an archive, below the archive's one folder; raises BadChart for one that leads elsewhere."""
    delimiter = "\\" if "\\" in path else "/"
    top, _, below = path.partition(delimiter)
    below = below.replace(delimiter, "/")
    if below.startswith("/"):
        raise BadChart("chart illegally contains absolute paths")
    name = posixpath.normpath(below) if below else "."
    if name == ".":
        raise BadChart(f"chart illegally contains content outside the base directory: {quote(path)}")
    if name.startswith(".."):
        raise BadChart("chart illegally references parent directory")
    if _DRIVE.match(name):
        raise BadChart("chart contains illegally named files")
    if top == "Chart.yaml":
        raise BadChart("chart yaml not in base directory")
    return name
