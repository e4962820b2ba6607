"""/nodes/{node}/aplinfo: container templates that can be had; a download makes a file of a made-up size."""

from __future__ import annotations

import hashlib
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.storage import _files, _space

_SOURCE = "http://download.proxmox.com/images"
_SIZE = 120 * 1024**2
# Seconds that a download of such a template takes.
_TAKES_S = 3.0

# Operating system, version, revision, ending.
_OFFERED = (
    ("almalinux-9-default", "20240911", "amd64.tar.xz", "almalinux-9"),
    ("alpine-3.22-default", "20250617", "amd64.tar.xz", "alpine-3.22"),
    ("archlinux-base", "20240911-1", "amd64.tar.zst", "archlinux"),
    # The older one is what the preset `demo` has on its nodes.
    ("debian-12-standard", "12.7-1", "amd64.tar.zst", "debian-12"),
    ("debian-12-standard", "12.12-1", "amd64.tar.zst", "debian-12"),
    ("debian-13-standard", "13.1-2", "amd64.tar.zst", "debian-13"),
    ("fedora-42-default", "20250428", "amd64.tar.xz", "fedora-42"),
    ("opensuse-15.6-default", "20240910", "amd64.tar.xz", "opensuse-15.6"),
    ("ubuntu-24.04-standard", "24.04-2", "amd64.tar.zst", "ubuntu-24.04"),
)


@answers("GET", "/nodes/{node}/aplinfo")
def listing(call: Call) -> Any:
    rows = []
    for package, version, ending, system in _OFFERED:
        template = f"{package}_{version}_{ending}"
        rows.append(
            {
                "template": template, "package": package, "version": version, "os": system, "section": "system",
                "type": "lxc", "architecture": "amd64", "source": _SOURCE, "location": f"{_SOURCE}/system/{template}",
                "infopage": "https://linuxcontainers.org", "headline": f"LXC image of {system}",
                "description": f"A small image of {system}.", "maintainer": "Proxmox Support Team",
                "sha512sum": hashlib.sha512(template.encode()).hexdigest(),
            }
        )  # fmt: skip
    return rows


@answers("POST", "/nodes/{node}/aplinfo")
def download(call: Call) -> str:
    template, storage = call.text("template"), call.text("storage")
    row = next((r for r in listing(call) if r["template"] == template), None)
    if row is None:
        refuse(template="no such template")
    if not _space.allows(call.cluster.storage(storage), "vztmpl"):
        die(f"cannot download to storage '{storage}': it does not hold container templates")
    place = _files.place(call, "vztmpl", template)

    async def work(work: Work) -> None:
        work.log(f"downloading {row['location']} to {place.path}")
        if call.cluster.volume(f"{storage}:{place.name}", place.node):
            work.log(f"OK, got correct file already, no need to re-download {template}")
            return
        await work.takes(_TAKES_S)
        await _files.store(call.cluster, place, _SIZE, b"", b"")
        work.log(f"download of '{row['location']}' to '{place.path}' finished")

    return call.fork("download", template, work)
