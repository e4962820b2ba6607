"""Files that come in: uploads, and downloads by URL."""

from __future__ import annotations

import hashlib
import re
import struct
from datetime import UTC, datetime
from urllib.parse import urlsplit

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _volumes
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.storage import Volume, parse_name

_ENDINGS = {
    "iso": re.compile(r".+\.(?:iso|img)", re.IGNORECASE),
    "vztmpl": re.compile(r".+\.tar\.(?:gz|xz|zst|bz2)|.+\.tgz"),
    "import": re.compile(r".+\.(?:ova|qcow2|raw|vmdk)"),
}

# A download's size when nothing is really fetched: a small cloud image.
_DOWNLOADED = 300 * 1024**2


def _check_name(content: str, filename: str) -> str:
    """The stored name, or PVE's complaint about its ending."""
    if not _ENDINGS[content].fullmatch(filename):
        refuse(filename="invalid filename or wrong extension" if content == "import" else "wrong file extension")
    return f"{content}/{filename}"


def _virtual_size(body: bytes) -> int:
    """The disk size that a qcow2 image unfolds to, from its header."""
    if body[:4] != b"QFI\xfb" or len(body) < 32:
        return 0
    return int(struct.unpack(">Q", body[24:32])[0])


@answers("POST", "/nodes/{node}/storage/{storage}/upload")
def upload(call: Call) -> str:
    if call.upload is None:
        refuse(filename="property is missing and it is not optional")
    cluster, storage, content, sent = call.cluster, call.text("storage"), call.text("content"), call.upload
    definition = cluster.storage(storage)
    name = _check_name(content, sent.safe_name)
    if not _space.allows(definition, content):
        refuse(storage=f"storage '{storage}' does not support '{content}' content")
    parsed = parse_name(definition["type"], name)
    if parsed is None:
        die(f"unable to parse directory volume name '{name}'")
    path, node = cluster.volume_path(f"{storage}:{name}"), call.node.name
    source = f"/var/tmp/pveupload-{cluster.random.getrandbits(128):032x}"  # noqa: S108 as the log shows it

    async def work(work: _tasks.Work) -> None:
        work.log(f"starting file import from: {source}")
        if "checksum" in call.params:
            got = hashlib.new(call.text("checksum-algorithm"), sent.body, usedforsecurity=False).hexdigest()
            if got.lower() != call.text("checksum").lower():
                work.log("calculating checksum...")
                die(f"checksum mismatch: got '{got}' != expect '{call.text('checksum')}'")
            work.log("calculating checksum...OK, checksum verified")
        if name.endswith(".ova") and b"ustar" not in sent.body[:1024]:
            work.log(
                "tar: This does not look like a tar archive", "tar: Exiting with failure status due to previous errors"
            )
            die(f"command 'tar -t -f {source}' failed: exit code 2")
        await work.takes(sent.size / 100e6)
        work.log(
            f"target node: {node}",
            f"target file: {path}",
            f"file size is: {sent.size}",
            f"command: cp -- {source} {path}",
            "finished file import successfully",
        )
        cluster.check_room(storage)
        made = Volume(
            name, content, parsed.format, sent.size, cluster.now(), used=-(-sent.size // 4096) * 4096,
            virtual=_virtual_size(sent.body), has_os=content == "import",
        )  # fmt: skip
        if cluster.host and content in ("iso", "import"):
            await cluster.host.disks.keep(made, sent.body)
        _volumes.remove(cluster, f"{storage}:{name}", node)
        cluster.shelf(storage, node)[name] = made

    return call.fork("imgcopy", "", work)


@answers("POST", "/nodes/{node}/storage/{storage}/download-url")
def download(call: Call) -> str:
    """Nothing is fetched: a host that is no loopback address gives a made-up file, loopback refuses connections."""
    cluster, storage, content = call.cluster, call.text("storage"), call.text("content")
    definition = cluster.storage(storage)
    filename = call.text("filename")
    name = _check_name(content, filename)
    if not _space.allows(definition, content):
        refuse(storage=f"storage '{storage}' does not support '{content}' content")
    parsed = parse_name(definition["type"], name)
    path, node, url = cluster.volume_path(f"{storage}:{name}"), call.node.name, call.text("url")

    async def work(work: _tasks.Work) -> None:
        work.log(f"downloading {url} to {path}")
        if name in cluster.shelf(storage, node) and not call.params.get("checksum"):
            die(f"refusing to override existing file '{path}'")
        address = urlsplit(url)
        port = address.port or (443 if address.scheme == "https" else 80)
        stamp = _stamp(cluster.now())
        work.log(f"--{stamp}--  {url}")
        if (address.hostname or "").startswith("127.") or address.hostname == "localhost":
            die(f"download failed: Connecting to {address.hostname}:{port}... failed: Connection refused.")
        await work.takes(_DOWNLOADED / 50e6)
        work.log("saved", f"download of '{url}' to '{path}' finished")
        cluster.check_room(storage)
        cluster.shelf(storage, node)[name] = Volume(
            name, content, parsed.format if parsed else "raw", _DOWNLOADED, cluster.now(), used=_DOWNLOADED,
            virtual=2 * 1024**3 if content == "import" else 0, has_os=content == "import",
        )  # fmt: skip

    return call.fork("download", filename, work)


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%S")


@answers("GET", "/nodes/{node}/query-url-metadata")
def metadata(call: Call) -> object:
    address = urlsplit(call.text("url"))
    port = address.port or (443 if address.scheme == "https" else 80)
    if (address.hostname or "").startswith("127."):
        why = f"Can't connect to {address.hostname}:{port} (Connection refused)"
        die(f"invalid server response: '500 {why}'")
    return {"filename": address.path.rpartition("/")[2], "mimetype": "application/octet-stream", "size": _DOWNLOADED}
