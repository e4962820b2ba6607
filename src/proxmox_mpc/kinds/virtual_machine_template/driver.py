"""Templates are VMs until they are converted; after that they are changed like any, as far as PVE allows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from proxmox_mpc.kinds import _guest_write
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._guest import GuestDriver
from proxmox_mpc.kinds._guest_requests import convert
from proxmox_mpc.kinds._guest_rows import Row, namespace_of
from proxmox_mpc.kinds._kind import CONVERTED, Change, Key, Live, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View
from proxmox_mpc.kinds._volumes import storage_content
from proxmox_mpc.kinds.virtual_machine_template import image


class TemplateDriver(GuestDriver):
    """A guest's driver, with an image before it and a conversion after it."""

    async def complete(
        self, view: View, resource: Resource, live: Live | None, applied: Mapping[str, Value] | None = None
    ) -> Resource:
        resource = image.with_image(resource)
        if live is None:
            await image.check(view, resource)
            if not any(path.endswith((".importFrom", ".volume", ".iso")) for path in resource.fields):
                hint = "write image: { url: … }, or cdrom: [{ iso: … }] for an installer"
                raise resource.invalid("spec", "nothing says what is in the template", hint)
        resource = await super().complete(view, resource, live, applied)
        return replace(resource, fields={**resource.fields, CONVERTED: True})

    def cost(self, live: Live, resource: Resource, changes: Sequence[Change]) -> Sequence[Change]:
        rest = [change for change in changes if change.path != CONVERTED]
        turned = [change for change in changes if change.path == CONVERTED]
        note = "converted to a template"
        return [
            *super().cost(live, resource, rest),
            *(replace(change, impact=Impact.NONE, note=note) for change in turned),
        ]

    async def prepare(self, run: Run, resource: Resource) -> None:
        await image.fetch(run, resource)

    async def create(self, run: Run, resource: Resource) -> Live:
        await image.fetch(run, resource)
        guest = replace(resource, fields={p: v for p, v in resource.fields.items() if p != CONVERTED})
        return await self._convert(run, await super().create(run, guest), resource)

    async def update(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        live = await super().update(run, live, resource, [change for change in changes if change.path != CONVERTED])
        return await self._convert(run, live, resource) if not live.fields[CONVERTED] else live

    async def _convert(self, run: Run, live: Live, resource: Resource) -> Live:
        """The last step: before it, everything else is done, so that a template is never half made."""
        vmid, node = live.identity["vmid"], str(live.identity["node"])
        await image.tidy_up(run, resource, node)
        live = await convert(self, run, live)
        if not live.fields[CONVERTED]:
            raise _guest_write.NotKept(f"{resource.key}: VMID {vmid} was converted and is no template")
        return live

    def writes(self) -> Sequence[Write]:
        download = {"url": "image.url", "filename": "image.filename", "content": "image", "compression": "image"}
        algorithm = {"checksum": "image.checksum", "checksum-algorithm": "image.checksumAlgorithm"}
        also = {"verify-certificates": "image.verifyCertificates", "storage": "image.storage"}
        own = Write("POST", "/nodes/{node}/storage/{storage}/download-url", {**download, **algorithm, **also})
        return [write for write in super().writes() if not write.path.endswith("/clone")] + [own]


async def held_by(view: View, live: Live) -> list[Key]:
    """Its linked clones: PVE destroys no base volume as long as there are some."""
    vmid, node = int(live.identity["vmid"]), str(live.identity["node"])
    storages = {str(value) for path, value in live.fields.items() if path.endswith(".storage")}
    base = re.compile(rf"(^|[:/])base-{vmid}-")
    found: set[int] = set()
    for storage in sorted(storages):
        for row in await storage_content(view, node, storage):
            # Its path begins with the base's on most storages; on LVM-thin only `parent` tells (9.1).
            if base.search(str(row.get("parent") or "")) or base.search(str(row["volid"])):
                found.add(int(row.get("vmid") or vmid))
    clones = [row for row in await view.rows("qemu") if int(row["vmid"]) in found - {vmid}]
    return [await _key(view, row) for row in clones]


async def _key(view: View, row: Row) -> Key:
    """What a clone is called: by its mark, where it is one of ours that was renamed since."""
    known = await view.remembered()
    ours = (key for key, item in known.items() if item.identity.get("vmid") == int(row["vmid"]))
    return next(ours, Key("VirtualMachine", namespace_of(row), str(row.get("name") or row["vmid"])))
