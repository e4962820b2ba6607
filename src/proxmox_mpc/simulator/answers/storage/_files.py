"""Files that come to a storage by themselves: where they go, under which names, and what is known of them."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator.answers.guests import _volumes
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.storage import Volume, parse_name

_ENDINGS = {
    "iso": re.compile(r".+\.(?:iso|img)", re.IGNORECASE),
    "vztmpl": re.compile(r".+\.tar\.(?:gz|xz|zst|bz2)|.+\.tgz"),
    "import": re.compile(r".+\.(?:ova|qcow2|raw|vmdk)"),
}


@dataclass(frozen=True)
class Place:
    """Where a file goes: its volume's name on a storage of a node, and the path that logs show."""

    storage: str
    node: str
    content: str
    name: str
    format: str
    path: str


def place(call: Call, content: str, filename: str, *, any_ending: bool = False) -> Place:
    """The place that a request names, or PVE's complaint about the ending or the storage."""
    cluster, storage, filename = call.cluster, call.text("storage"), _safe(filename)
    definition = cluster.storage(storage)
    if not any_ending and not _ENDINGS[content].fullmatch(filename):
        refuse(filename="invalid filename or wrong extension" if content == "import" else "wrong file extension")
    name = f"{content}/{filename}"
    if not _space.allows(definition, content):
        refuse(storage=f"storage '{storage}' does not support '{content}' content")
    if (parsed := parse_name(definition["type"], name)) is None:
        die(f"unable to parse directory volume name '{name}'")
    path = cluster.volume_path(f"{storage}:{name}")
    return Place(storage, call.node.name, content, name, parsed.format, path)


def _safe(filename: str) -> str:
    """The name as PVE stores it: no directories, odd characters as underscores."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.+") else "_" for c in name)


def _virtual_size(head: bytes) -> int:
    """The disk size that a qcow2 image unfolds to, from its header."""
    if head[:4] != b"QFI\xfb" or len(head) < 32:
        return 0
    return int(struct.unpack(">Q", head[24:32])[0])


async def store(cluster: Cluster, place: Place, size: int, head: bytes, body: bytes, *, disk: int = 0) -> None:
    """Put the file on the storage, in the place of an older one. With real guests, its bytes are kept."""
    cluster.check_room(place.storage)
    made = Volume(
        place.name, place.content, place.format, size, cluster.now(), used=-(-size // 4096) * 4096,
        virtual=disk or _virtual_size(head), has_os=place.content == "import",
    )  # fmt: skip
    if cluster.host and body and place.content in ("iso", "import"):
        await cluster.host.disks.keep(made, body)
    _volumes.remove(cluster, f"{place.storage}:{place.name}", place.node)
    cluster.shelf(place.storage, place.node)[place.name] = made
