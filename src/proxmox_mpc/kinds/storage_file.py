"""StorageFile: an ISO image, cloud image, container template or snippet on a storage."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._driver import Driver
from proxmox_mpc.kinds._field import Impact, Part, field
from proxmox_mpc.kinds._guest_columns import memory
from proxmox_mpc.kinds._kind import Change, Column, Key, Kind, Live, Need, Owned, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View
from proxmox_mpc.kinds._volumes import storage_content

FILES = ("iso", "vztmpl", "import", "snippets")


_STORAGE = "/nodes/{node}/storage/{storage}"
_APPLIANCES = "/nodes/{node}/aplinfo"
_ORIGINS = ("url", "source", "appliance", "image")
"""Where a file can come from; a manifest names one."""
_FOR_DOWNLOADS = {
    "checksum": ("url", "source"),
    "checksumAlgorithm": ("url", "source"),
    "compression": ("url",),
    "verifyCertificates": ("url",),
}
"""Fields that count only for some origins; PVE checks its own list's files by itself."""
_DOWNLOAD = {
    "content": "content",
    "filename": "filename",
    "url": "url",
    "compression": "compression",
    "checksum": "checksum",
    "checksum-algorithm": "checksumAlgorithm",
    "verify-certificates": "verifyCertificates",
}
"""Parameters of a download, and the fields that say them."""


class StorageFileSpec(Part):
    """A file on a storage: downloaded by the node, uploaded, or expected to be there.

    Without `filename` it is called as the resource is; a container template of PVE's list as it is called there.
    """

    storage: str = field(hint=True, help="The storage that holds it.")
    node: str | None = field(hint=True, help="Node that downloads it; without it the first that has the storage.")
    content: Literal["iso", "vztmpl", "import", "snippets"] = field(hint=True, help="What it is.")
    filename: str | None = field(hint=True, help="File name on the storage; without it the resource's name.")
    url: str | None = field(hint=True, help="Where the node downloads it from.", pattern="^https?://")
    compression: Literal["gz", "lzo", "zst", "bz2"] | None = field(
        hint=True, help="How the download is packed; it is unpacked on the storage."
    )
    appliance: str | None = field(hint=True, help="Container template of PVE's own list, by its full name (vztmpl).")
    image: str | None = field(hint=True, help="Image of a registry, such as docker.io/nginx:1.27 (vztmpl; 9.1).")
    source: str | None = field(hint=True, help="A file of this machine to upload.")
    checksum: str | None = field(hint=True, help="Checksum that the content must have.")
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] | None = field(
        hint=True, help="How the checksum was made; sha256 unless said otherwise."
    )
    verify_certificates: bool | None = field(hint=True, help="Check the server's certificate at download.")


class StorageFileDriver(Driver):
    """Files have no config: one is there or not. What is there is never downloaded again."""

    async def observe(self, view: View, wanted: Sequence[Resource], owned: Sequence[Owned]) -> list[Live]:
        found = await asyncio.gather(
            *(self._find(view, resource) for resource in wanted),
            *(self._recall(view, item) for item in owned if not wanted),
        )
        return [live for live in found if live is not None]

    async def _recall(self, view: View, item: Owned) -> Live | None:
        """The file that the store remembers, if it is still there."""
        volid, node = str(item.identity["volid"]), str(item.identity["node"])
        rows = await storage_content(view, node, volid.partition(":")[0])
        return next((_live(item.key, node, row) for row in rows if row["volid"] == volid), None)

    async def _find(self, view: View, resource: Resource) -> Live | None:
        storage, node = str(resource.fields["storage"]), await self._node(view, resource)
        if node is None:
            return None
        volid = _volid(resource)
        for row in await storage_content(view, node, storage):
            if row["volid"] == volid:
                return _live(resource.key, node, row)
        return None

    async def _node(self, view: View, resource: Resource) -> str | None:
        if node := resource.fields.get("node"):
            return str(node)
        storage = resource.fields["storage"]
        nodes = sorted(row["node"] for row in await view.rows("storage") if row["storage"] == storage)
        return str(nodes[0]) if nodes else None

    async def rows(self, view: View) -> list[Live]:
        places: dict[tuple[str, str], str] = {}
        for row in await view.rows("storage"):
            if row.get("status", "available") == "available":
                scope = "" if row.get("shared") else row["node"]
                places.setdefault((row["storage"], scope), row["node"])
        answers = await asyncio.gather(*(storage_content(view, node, s) for (s, _), node in places.items()))
        return [
            _live(Key("StorageFile", "", row["volid"].rpartition("/")[2]), node, row)
            for node, rows in zip(places.values(), answers, strict=True)
            for row in rows
            if row.get("content") in FILES
        ]

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        if live is not None:
            return resource
        planned = {key.name for key in view.planned if key.kind == "Storage"}
        storage = str(resource.fields["storage"])
        if storage not in planned and await self._node(view, resource) is None:
            known = sorted({row["storage"] for row in await view.rows("storage")})
            hint = f"storages: {', '.join(known)}"
            raise resource.invalid("spec.storage", f"there is no storage {storage!r}", hint)
        given = [name for name in _ORIGINS if name in resource.fields]
        if len(given) != 1:
            origins = " or ".join(f"spec.{name}" for name in given or _ORIGINS)
            why = "nothing says" if not given else f"{origins} say differently"
            hint = f"write one of {', '.join(_ORIGINS)}, or put the file there by hand"
            raise resource.invalid("spec", f"{_volid(resource)} is not there, and {why} where it comes from", hint)
        if stray := [
            name for name in _FOR_DOWNLOADS if name in resource.fields and given[0] not in _FOR_DOWNLOADS[name]
        ]:
            hint = f"it is for {' and '.join(_FOR_DOWNLOADS[stray[0]])}"
            raise resource.invalid(f"spec.{stray[0]}", f"says nothing of what comes from {given[0]}", hint)
        if given[0] in ("appliance", "image") and resource.fields["content"] != "vztmpl":
            raise resource.invalid("spec.content", f"what comes from {given[0]} is a vztmpl", "write content: vztmpl")
        await self._offered(view, resource)
        if resource.fields["content"] == "snippets":
            hint = "copy it to the storage's snippets directory on the node"
            raise resource.invalid("spec.content", "PVE's API cannot upload snippets", hint)
        return resource

    async def _offered(self, view: View, resource: Resource) -> None:
        """Whether the cluster's version and list have what the file is to be made of. Raises InvalidInput."""
        facts = await view.pve.api()
        if "image" in resource.fields and facts.method("POST", f"{_STORAGE}/oci-registry-pull") is None:
            hint = "write spec.url of a template, or update PVE to 9.1"
            raise resource.invalid("spec.image", f"PVE {facts.version} takes no images of registries", hint)
        if (wanted := resource.fields.get("appliance")) is not None:
            node = await self._node(view, resource) or (await view.nodes())[0]
            rows = await view.once(f"aplinfo/{node}", lambda: view.pve.get(_APPLIANCES, {"node": node}))
            names = {str(row["template"]) for row in rows}
            if wanted not in names:
                alike = difflib.get_close_matches(str(wanted), names, n=3, cutoff=0.3)
                raise resource.invalid("spec.appliance", f"PVE offers no {wanted!r}", f"like it: {', '.join(alike)}")

    async def create(self, run: Run, resource: Resource) -> Live:
        fields = resource.fields
        node = await self._node(run.view, resource) or (await run.view.nodes())[0]
        storage, content = str(fields["storage"]), str(fields["content"])
        checksum = fields.get("checksum")
        makes = {"volid": _volid(resource), "node": node}
        async with run.lane(f"node:{node}", f"storage:{storage}"):
            where, title = {"node": node, "storage": storage}, f"download {_filename(resource)}"
            if "url" in fields:
                params = {**where, **{key: fields.get(name) for key, name in _DOWNLOAD.items()}}
                params["filename"] = _filename(resource)
                if checksum:
                    params["checksum-algorithm"] = fields.get("checksumAlgorithm", "sha256")
                await run.call("POST", f"{_STORAGE}/download-url", params, title=title, makes=makes)
            elif "appliance" in fields:
                params = {**where, "template": fields["appliance"]}
                await run.call("POST", _APPLIANCES, params, title=title, makes=makes)
            elif "image" in fields:
                params = {**where, "reference": fields["image"], "filename": _filename(resource).removesuffix(".tar")}
                await run.call("POST", f"{_STORAGE}/oci-registry-pull", params, title=title, makes=makes)
            else:
                source = str(fields["source"])
                digest = f"{fields.get('checksumAlgorithm', 'sha256')}:{checksum}" if checksum else None
                await run.upload(node, storage, content, source, _filename(resource), digest, makes=makes)
        run.view.forget(f"content/{node}/{storage}")
        rows = await storage_content(run.view, node, storage)
        return next(_live(resource.key, node, row) for row in rows if row["volid"] == _volid(resource))

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        return live

    async def delete(self, run: Run, live: Live) -> None:
        volid = str(live.identity["volid"])
        params = {"node": live.identity["node"], "storage": volid.partition(":")[0], "volume": volid}
        await run.call("DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", params, title=f"delete {volid}")

    def writes(self) -> Sequence[Write]:
        return [
            Write("POST", f"{_STORAGE}/download-url", _DOWNLOAD),
            Write("POST", f"{_STORAGE}/upload", _DOWNLOAD),
            Write("POST", f"{_STORAGE}/oci-registry-pull", {"reference": "image", "filename": "filename"}),
            Write("POST", _APPLIANCES, {"template": "appliance", "storage": "storage"}),
        ]


def _filename(resource: Resource) -> str:
    fields = resource.fields
    name = str(fields.get("filename") or fields.get("appliance") or resource.key.name)
    # A registry's image is stored as an archive, whose ending PVE adds (POST …/oci-registry-pull, 9.1).
    return f"{name}.tar" if "image" in fields and not name.endswith(".tar") else name


def _volid(resource: Resource) -> str:
    return f"{resource.fields['storage']}:{resource.fields['content']}/{_filename(resource)}"


def _live(key: Key, node: str, row: Mapping[str, Any]) -> Live:
    storage, _, path = str(row["volid"]).partition(":")
    fields = {"storage": storage, "content": str(row["content"]), "filename": path.rpartition("/")[2]}
    return Live(key, {"volid": row["volid"], "node": node}, {**fields}, {**row, "node": node}, raw=row)


def needs(resource: Resource) -> list[Need]:
    return [Need(Key("Storage", "", str(resource.fields["storage"])), "spec.storage")]


KIND: Kind = Kind(
    name="StorageFile",
    plural="storagefiles",
    short=("sf", "file", "files"),
    model=StorageFileSpec,
    driver=StorageFileDriver(),
    columns=(
        Column.name(),
        Column("STORAGE", lambda live: live.fields["storage"]),
        Column("CONTENT", lambda live: live.fields["content"]),
        Column("SIZE", lambda live: memory(live.facts.get("size")), right=True),
        Column("NODE", lambda live: live.identity["node"]),
        Column("VOLUME", lambda live: live.identity["volid"], wide=True),
    ),
    deletion=Impact.DATA_LOSS,
    needs=needs,
    provides=lambda resource: (resource.key, Key("StorageFile", "", _volid(resource))),
    # Nothing says where a file came from, so its manifest could not make it anywhere else.
    exported=lambda live: False,
    order=20,
    example="""\
apiVersion: proxmox.io/v1
kind: StorageFile
metadata: { name: debian-12-generic-amd64.qcow2 }
spec:
  storage: local
  content: import
  url: https://cloud.debian.org/images/cloud/bookworm/latest/debian-12-generic-amd64.qcow2
  checksum: …
  checksumAlgorithm: sha512
""",
)
