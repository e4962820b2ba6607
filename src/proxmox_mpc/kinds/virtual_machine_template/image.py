"""The image that a template is made of: where it comes from, what it is called on the storage, and whether it stays.

A cloud image becomes the template's first disk; an installer's ISO lies in its CD-ROM drive.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import PurePosixPath
from typing import ClassVar, Literal
from urllib.parse import unquote, urlsplit

from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Key, Resource
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View
from proxmox_mpc.kinds._volumes import storage_content

# What PVE imports, by the end of its name (POST /nodes/{node}/storage/{storage}/download-url, 8.4 and 9.1).
_IMPORTED = (".qcow2", ".raw", ".vmdk")
_STORAGE = "/nodes/{node}/storage/{storage}"


class Image(Part):
    """An image to download, or a volume that is there."""

    shorthand: ClassVar[str] = "volume"

    volume: str | None = field(
        create_only=True, refers=("StorageFile",), help="An image that is there; or declare it as a StorageFile."
    )
    url: str | None = field(create_only=True, help="Where the node downloads it from.", pattern="^https?://")
    checksum: str | None = field(create_only=True, help="Checksum that the download must have.")
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] | None = field(
        hint=True, help="How the checksum was made; sha256 unless said otherwise."
    )
    storage: str | None = field(
        hint=True,
        refers=("Storage",),
        help="Storage that it is downloaded to; it takes import, or iso for an ISO.",
    )
    filename: str | None = field(
        hint=True, help="Its name there. With one it stays; without, it goes once it was imported."
    )
    verify_certificates: bool | None = field(hint=True, help="Check the server's certificate at download.")


def volume_of(resource: Resource) -> str | None:
    """The image's volume, there or to be; None for a template without one."""
    fields = resource.fields
    if "image.url" in fields:
        return f"{fields.get('image.storage')}:{_content(resource)}/{filename(resource)}"
    return str(fields["image.volume"]) if "image.volume" in fields else None


def _content(resource: Resource) -> str:
    return "iso" if filename(resource).endswith(".iso") else "import"


def filename(resource: Resource) -> str:
    """What a download is called. A name of its own tells other content apart, so that it can be taken up again."""
    fields = resource.fields
    if "image.filename" in fields:
        return str(fields["image.filename"])
    path = PurePosixPath(unquote(urlsplit(str(fields["image.url"])).path))
    if path.suffix == ".iso":
        return path.name
    told = f"{resource.key} {fields['image.url']} {fields.get('image.checksum', '')}"
    end = path.suffix if path.suffix in _IMPORTED else ".qcow2"
    return f"{path.stem}-{hashlib.sha256(told.encode()).hexdigest()[:8]}{end}"


def coming(resource: Resource) -> frozenset[str]:
    """Volumes that are not there before the template is made."""
    volume = volume_of(resource) if "image.url" in resource.fields else None
    return frozenset([volume] if volume else [])


def with_image(resource: Resource) -> Resource:
    """The resource with its image as its first disk's content, or in a CD-ROM drive. Raises InvalidInput."""
    fields: Fields = dict(resource.fields)
    if "image.url" in fields and "image.volume" in fields:
        raise resource.invalid("spec.image", "url and volume say differently where it comes from", "write one of them")
    if "image.url" in fields and "image.storage" not in fields:
        raise resource.invalid("spec.image", "a download needs a storage", "write storage: local")
    if (volume := volume_of(resource)) is None:
        return resource
    if volume.endswith(".iso"):
        drives = {path.split(".")[1] for path in fields if path.startswith("cdrom.")}
        return replace(resource, fields={**fields, f"cdrom.{len(drives)}.iso": volume})
    disks: list[str] = [getattr(disk, "slot", None) or str(n) for n, disk in enumerate(resource.spec.disks or [])]  # type: ignore[attr-defined]
    if not disks:
        hint = "write disks: [{ storage: local-lvm, size: 20G }]; the first one gets the image"
        raise resource.invalid("spec.disks", "the image needs a disk to be imported to", hint)
    return replace(resource, fields={**fields, f"disks.{disks[0]}.importFrom": volume})


async def check(view: View, resource: Resource) -> None:
    """What the download would be refused for is refused now. Raises InvalidInput."""
    if "image.url" not in resource.fields:
        return
    storage, name = str(resource.fields["image.storage"]), filename(resource)
    definition = (await view.storages()).get(storage)
    if definition is None and Key("Storage", "", storage) not in view.planned:
        known = ", ".join(sorted(await view.storages()))
        raise resource.invalid("spec.image.storage", f"there is no storage {storage!r}", f"storages: {known}")
    if definition is not None and _content(resource) not in str(definition.get("content", "")).split(","):
        hint = f"add {_content(resource)} to the content of {storage}, or take another storage"
        raise resource.invalid("spec.image.storage", f"{storage} does not take {_content(resource)}", hint)
    if not name.endswith((".iso", *_IMPORTED)):
        hint = f"PVE imports {', '.join(_IMPORTED)}; unpack what is packed, and say filename"
        raise resource.invalid("spec.image.filename", f"{name!r} cannot be imported", hint)


async def fetch(run: Run, resource: Resource) -> None:
    """Download the image where it is not there; one with a checksum is looked at even then, by the node."""
    volume, fields = volume_of(resource), resource.fields
    if volume is None or "image.url" not in fields:
        return
    node, storage = str(resource.choices["node"]), str(fields["image.storage"])
    # Two templates of one image fetch it once.
    async with run.lane(f"file:{node}/{volume}", f"node:{node}", f"storage:{storage}"):
        run.view.forget(f"content/{node}/{storage}")
        there = {row["volid"] for row in await storage_content(run.view, node, storage)}
        if volume in there and not ("image.filename" in fields and "image.checksum" in fields):
            return
        params = {
            "node": node,
            "storage": storage,
            "content": _content(resource),
            "filename": filename(resource),
            "url": fields["image.url"],
            "verify-certificates": fields.get("image.verifyCertificates"),
        }
        if "image.checksum" in fields:
            algorithm = fields.get("image.checksumAlgorithm", "sha256")
            params |= {"checksum": fields["image.checksum"], "checksum-algorithm": algorithm}
        await run.call("POST", f"{_STORAGE}/download-url", params, title=f"download {filename(resource)}")
        run.view.forget(f"content/{node}/{storage}")


async def tidy_up(run: Run, resource: Resource, node: str) -> None:
    """Remove what was downloaded only to be imported."""
    fields, volume = resource.fields, volume_of(resource)
    if volume is None or "image.url" not in fields or "image.filename" in fields or volume.endswith(".iso"):
        return
    storage = str(fields["image.storage"])
    run.view.forget(f"content/{node}/{storage}")
    if volume in {row["volid"] for row in await storage_content(run.view, node, storage)}:
        params = {"node": node, "storage": storage, "volume": volume}
        await run.call("DELETE", f"{_STORAGE}/content/{{volume}}", params, title=f"delete {filename(resource)}")
