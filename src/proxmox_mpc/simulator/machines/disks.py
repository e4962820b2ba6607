"""Volumes as files: made when first needed, copied, linked, resized, snapshotted by qemu-img, and removed.

A volume that no guest ever booted from has no file. Disks are qcow2 files whatever format their volume is said to have,
so that all of them can be snapshotted and linked; what was uploaded stays as it came.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterable
from pathlib import Path

from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.state.storage import Volume

_DISK = "qcow2"


class Disks:
    """The files in one directory. `Volume.file` is a volume's name there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, volume: Volume) -> Path:
        return self._folder / volume.file

    @staticmethod
    def format(volume: Volume) -> str:
        """What is really in the file."""
        ending = volume.file.rpartition(".")[2]
        return ending if ending in (_DISK, "vmdk") else "raw"

    def _new_path(self, ending: str) -> Path:
        return self._folder / f"{uuid.uuid4().hex}.{ending}"

    def check(self, volumes: Iterable[Volume]) -> None:
        """Forget files that are gone: those of an earlier simulator whose directory was not kept."""
        for volume in volumes:
            if volume.file and not self.path(volume).exists():
                volume.file = ""

    async def make(self, volume: Volume) -> Path:
        """The volume's file; an empty disk when there was none."""
        if not volume.file:
            path = self._new_path(_DISK)
            await _image_tool("create", "-q", "-f", _DISK, str(path), str(volume.size))
            volume.file = path.name
        return self.path(volume)

    async def keep(self, volume: Volume, body: bytes) -> None:
        """Put uploaded bytes in the volume's file. Raises PVE's error for images that need other files."""
        path = self._new_path(volume.name.rpartition(".")[2].lower())
        await asyncio.to_thread(path.write_bytes, body)
        volume.file = path.name
        if volume.content == "import" and (foreign := await self._needs(volume)):
            self.discard(volume)
            die(f"import failed - the image needs another file: '{foreign}'")

    async def _needs(self, volume: Volume) -> str:
        """A file besides its own that an image of a stranger would read: it could be any file of this machine."""
        form = self.format(volume)
        if form == "raw":
            return ""
        found = json.loads(await _image_tool("info", "--output=json", "-f", form, str(self.path(volume))))
        details = found.get("format-specific", {}).get("data", {})
        parts = [extent.get("filename", "") for extent in details.get("extents", ())]
        named = [found.get("backing-filename", ""), details.get("data-file", ""), *parts]
        return next((name for name in named if name and name != str(self.path(volume))), "")

    async def copy(self, source: Volume, target: Volume) -> None:
        """A full copy, also of a disk in use. A source without a file leaves an empty disk."""
        if source.file:
            path = self._new_path(_DISK)
            form = self.format(source)
            await _image_tool("convert", "-q", "-U", "-f", form, "-O", _DISK, str(self.path(source)), str(path))
            target.file = path.name

    async def link(self, source: Volume, target: Volume) -> None:
        """A disk that holds only what differs from its base."""
        base, path = await self.make(source), self._new_path(_DISK)
        # Relative names: the whole directory can be moved.
        await _image_tool("create", "-q", "-f", _DISK, "-F", self.format(source), "-b", base.name, str(path))
        target.file = path.name

    async def resize(self, volume: Volume) -> None:
        """Make the file as large as the volume says; it must not be in use."""
        if volume.file:
            await _image_tool("resize", "-q", "-f", _DISK, str(self.path(volume)), str(volume.size))

    async def snapshot(self, volume: Volume, action: str, name: str) -> None:
        """`-c` takes, `-a` goes back to, `-d` forgets a snapshot in a disk that is not in use."""
        await _image_tool("snapshot", "-q", action, name, str(await self.make(volume)))

    def discard(self, volume: Volume) -> None:
        """Remove the file, if there is one."""
        if volume.file:
            self.path(volume).unlink(missing_ok=True)
            volume.file = ""


async def _image_tool(*arguments: str) -> str:
    """Run qemu-img; its complaint becomes the task's."""
    process = await asyncio.create_subprocess_exec(
        "qemu-img", *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        output, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        die(errors.decode(errors="replace").strip() or f"qemu-img {arguments[0]} failed")
    return output.decode()
