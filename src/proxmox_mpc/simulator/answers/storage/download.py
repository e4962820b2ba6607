"""Downloads by URL. From this machine they are real; of any other address a file of a made-up size appears."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.storage import _fetch, _files
from proxmox_mpc.simulator.answers.storage._fetch import Fetched, FetchError

# A download's size when nothing is really fetched: a small cloud image, and the disk in it.
_MADE_UP = 300 * 1024**2
_MADE_UP_DISK = 2 * 1024**3


@answers("POST", "/nodes/{node}/storage/{storage}/download-url")
def download(call: Call) -> str:
    cluster, storage, url = call.cluster, call.text("storage"), call.text("url")
    place = _files.place(call, call.text("content"), call.text("filename"))
    if (compression := call.text("compression")) and call.text("content") != "iso":
        refuse(compression=f"decompression not supported for content type '{call.text('content')}'")

    async def work(work: _tasks.Work) -> None:
        work.log(f"downloading {url} to {place.path}")
        if cluster.volume(f"{storage}:{place.name}", place.node) and "checksum" not in call.params:
            die(f"refusing to override existing file '{place.path}'")
        work.log(f"--{_stamp(work)}--  {url}")
        if _fetch.is_local(url):
            fetched = await _get(work, call, compression)
        else:
            await work.takes(_MADE_UP / 50e6)
            fetched = Fetched(_MADE_UP, b"", "", b"")
        disk = 0 if _fetch.is_local(url) or call.text("content") != "import" else _MADE_UP_DISK
        await _files.store(cluster, place, fetched.size, fetched.head, fetched.body, disk=disk)
        work.log(f"download of '{url}' to '{place.path}' finished")

    return call.fork("download", place.name.partition("/")[2], work)


async def _get(work: _tasks.Work, call: Call, compression: str) -> Fetched:
    url, algorithm = call.text("url"), call.text("checksum-algorithm")
    try:
        async with _fetch.request("GET", url, verify=call.flag("verify-certificates", True)) as answer:
            work.log(f"Connecting to {_fetch.place(url)}... connected.")
            work.log("HTTP request sent, awaiting response... 200 OK")
            if answer.content_length is not None:
                work.log(f"Length: {answer.content_length} [{answer.content_type}]")
            keep = call.cluster.host is not None
            got = await _fetch.receive(answer, algorithm=algorithm, compression=compression, keep=keep)
    except FetchError as error:
        if error.status:
            work.log(f"HTTP request sent, awaiting response... {error.status} {error}")
            die(f"download failed: {_stamp(work)} ERROR {error.status}: {error}.")
        die(f"download failed: Connecting to {_fetch.place(url)}... failed: {error}.")
    work.log(f"{_stamp(work)} - saved [{got.size}]")
    if algorithm and got.checksum.lower() != call.text("checksum").lower():
        work.log("calculating checksum...")
        die(f"checksum mismatch: got '{got.checksum}' != expect '{call.text('checksum')}'")
    if algorithm:
        work.log("calculating checksum...OK, checksum verified")
    return got


def _stamp(work: _tasks.Work) -> str:
    return f"{datetime.fromtimestamp(work.cluster.now(), UTC):%Y-%m-%d %H:%M:%S}"


@answers("GET", "/nodes/{node}/query-url-metadata")
async def metadata(call: Call) -> object:
    """Name, size and type of what is at a URL."""
    url = call.text("url")
    name = unquote(url.partition("?")[0].partition("#")[0].rpartition("/")[2])
    if not _fetch.is_local(url):
        return {"filename": name, "mimetype": "application/octet-stream", "size": _MADE_UP}
    try:
        async with _fetch.request("HEAD", url, verify=call.flag("verify-certificates", True)) as answer:
            told = re.search(r'filename="?([^";]+)', answer.headers.get("Content-Disposition", ""))
            found: dict[str, object] = {"filename": told[1] if told else name, "mimetype": answer.content_type}
            return found if answer.content_length is None else {**found, "size": answer.content_length}
    except FetchError as error:
        if error.status:
            die(f"invalid server response: '{error.status} {error}'")
        die(f"invalid server response: '500 Can't connect to {_fetch.place(url)} ({error})'")
