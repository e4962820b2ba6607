"""StorageFile: an ISO image, cloud image, container template or snippet on a storage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._field import Impact, Part, field
from proxmox_mpc.kinds._guest_columns import memory
from proxmox_mpc.kinds._kind import Change, Column, Key, Kind, Live, Need, Owned, Resource, Run, View
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._volumes import storage_content

FILES = ("iso", "vztmpl", "import", "snippets")


class StorageFileSpec(Part):
    """A file on a storage: downloaded by the node, uploaded, or expected to be there."""

    storage: str = field(hint=True, help="The storage that holds it.")
    node: str | None = field(hint=True, help="Node that downloads it; without it the first that has the storage.")
    content: Literal["iso", "vztmpl", "import", "snippets"] = field(hint=True, help="What it is.")
    filename: str | None = field(hint=True, help="File name on the storage; without it the resource's name.")
    url: str | None = field(hint=True, help="Where the node downloads it from.", pattern="^https?://")
    source: str | None = field(hint=True, help="A file of this machine to upload.")
    checksum: str | None = field(hint=True, help="Checksum that the content must have.")
    checksum_algorithm: Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"] | None = field(
        hint=True, help="How the checksum was made; sha256 unless said otherwise."
    )
    verify_certificates: bool | None = field(hint=True, help="Check the server's certificate at download.")


class StorageFileDriver:
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

    async def detail(self, view: View, lives: Sequence[Live]) -> list[Live]:
        return list(lives)

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
        if not {"url", "source"} & resource.fields.keys():
            hint = "write spec.url or spec.source, or put the file there by hand"
            raise resource.invalid(
                "spec", f"{_volid(resource)} is not there, and nothing says where it comes from", hint
            )
        if resource.fields["content"] == "snippets":
            hint = "copy it to the storage's snippets directory on the node"
            raise resource.invalid("spec.content", "PVE's API cannot upload snippets", hint)
        return resource

    def cost(self, live: Live, change: Change) -> Change:
        return change

    async def pending(self, view: View, live: Live) -> list[str]:
        return []

    async def create(self, run: Run, resource: Resource) -> Live:
        fields = resource.fields
        node = await self._node(run.view, resource) or (await run.view.nodes())[0]
        storage, content = str(fields["storage"]), str(fields["content"])
        checksum = fields.get("checksum")
        makes = {"volid": _volid(resource), "node": node}
        async with run.lane(f"node:{node}", f"storage:{storage}"):
            if "url" in fields:
                params: dict[str, Any] = {
                    "node": node,
                    "storage": storage,
                    "content": content,
                    "url": fields["url"],
                }
                params |= {
                    "filename": _filename(resource),
                    "verify-certificates": fields.get("verifyCertificates"),
                }
                if checksum:
                    params |= {
                        "checksum": checksum,
                        "checksum-algorithm": fields.get("checksumAlgorithm", "sha256"),
                    }
                path = "/nodes/{node}/storage/{storage}/download-url"
                await run.call("POST", path, params, title=f"download {_filename(resource)}", makes=makes)
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
        named = {
            "content": "content",
            "filename": "filename",
            "checksum": "checksum",
            "checksum-algorithm": "checksumAlgorithm",
        }
        download = {**named, "url": "url", "verify-certificates": "verifyCertificates"}
        path = "/nodes/{node}/storage/{storage}"
        return [Write("POST", f"{path}/download-url", download), Write("POST", f"{path}/upload", named)]


def _filename(resource: Resource) -> str:
    return str(resource.fields.get("filename", resource.key.name))


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
