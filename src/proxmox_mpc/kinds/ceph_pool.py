"""CephPool: where Ceph keeps data, and in how many copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from proxmox_mpc.kinds import _ceph
from proxmox_mpc.kinds._collection import Scope
from proxmox_mpc.kinds._field import Impact, OnOff, Part, Size, field, group
from proxmox_mpc.kinds._kind import Change, Column, Live, Need, Resource
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_DATA = "-data"
_SHOWN = ("size", "min_size", "pg_num_min", "pg_autoscale_mode", "target_size", "target_size_ratio")
# Settings of the half that is kept in copies.
_COPIES = ("size", "minSize", "crushRule")


class ErasureCoding(Part):
    """Chunks instead of copies; the pool then is two: NAME-data, and NAME-metadata in copies."""

    data: int = field(part="k", ge=2, create_only=True, help="Chunks of data.")
    coding: int = field(part="m", ge=1, create_only=True, help="Chunks that may be lost.")
    failure_domain: str | None = field(
        part="failure-domain", create_only=True, help="What each chunk has of its own: host, osd, …"
    )
    device_class: str | None = field(part="device-class", create_only=True, help="Kind of device, such as ssd.")
    profile: str | None = field(part="profile", create_only=True, help="An existing profile to take instead.")


class CephPoolSpec(Part):
    """A pool."""

    size: int | None = field("size", ge=1, le=7, default=3, help="Copies.")
    min_size: int | None = field("min_size", ge=1, le=7, default=2, help="Copies that there must be to write.")
    pg_num: int | None = field("pg_num", quiet=True, ge=1, le=32768, help="Placement groups.")
    pg_num_min: int | None = field("pg_num_min", default=0, ge=0, le=32768, help="Fewest that scaling leaves.")
    pg_autoscale_mode: Annotated[Literal["on", "off", "warn"], OnOff] | None = field(
        "pg_autoscale_mode", default="warn", help="Whether Ceph changes their number, or warns."
    )
    crush_rule: str | None = field("crush_rule", default="replicated_rule", help="Rule by which data is spread.")
    application: Literal["rbd", "cephfs", "rgw"] | None = field("application", default="rbd", help="What for.")
    target_size: Size | None = field("target_size", default=0, help="Expected size, for scaling.")
    target_size_ratio: float | None = field(
        "target_size_ratio", default=0, ge=0, help="Expected share of all pools, for scaling."
    )
    erasure_coding: ErasureCoding | None = group("erasure-coding", help="Keep chunks instead of copies.")
    add_storages: bool | None = field("add_storages", hint=True, help="Make a storage of it, and take it away again.")


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row says some things by number, and what it grows to beside what it is; statistics are left out."""
    told = {name: row[name] for name in _SHOWN if name in row}
    uses = {"application": next(iter(row.get("application_metadata") or {}), None)}
    return {**told, **uses, "crush_rule": row.get("crush_rule_name"), "pg_num": row.get("pg_num_final", row["pg_num"])}


class CephPoolDriver(_ceph.CephDriver):
    """A pool of chunks is two of Ceph's; with a pool go the storages that were made with it."""

    async def _list(self, view: View, scope: Scope) -> list[dict[str, Any]]:
        rows = {str(row["pool_name"]): row for row in await super()._list(view, scope)}
        chunked = [
            name.removesuffix(_DATA)
            for name, row in rows.items()
            if row.get("type") == "erasure" and name.endswith(_DATA) and _halves(name.removesuffix(_DATA))[1] in rows
        ]
        whole = [{**rows[_halves(name)[1]], "pool_name": name, "type": "erasure"} for name in chunked]
        halves = {half for name in chunked for half in _halves(name)}
        return [*whole, *(row for name, row in rows.items() if name not in halves)]

    async def change(self, run: Run, live: Live, resource: Resource, changes: Sequence[Change]) -> Live:
        if live.facts["type"] != "erasure":
            return await super().change(run, live, resource, changes)
        data, metadata = (replace(live, identity={**live.identity, "name": half}) for half in _halves(live.key.name))
        await super().change(run, data, resource, [c for c in changes if c.path not in _COPIES])
        return await super().change(run, metadata, resource, changes)

    async def delete(self, run: Run, live: Live) -> None:
        storages = "1" if run.applied.get("addStorages") else "0"
        async with run.lane(self._lane(live.identity)):
            for name in _halves(live.key.name) if live.facts["type"] == "erasure" else [live.key.name]:
                params = {"node": live.identity["node"], "name": name, "remove_storages": storages}
                await run.call("DELETE", self.collection.item, params, title=f"delete {name}")


def _halves(name: str) -> tuple[str, str]:
    return f"{name}{_DATA}", f"{name}-metadata"


KIND = regular(
    "CephPool",
    "cephpools",
    ("cephpool",),
    CephPoolSpec,
    _ceph.collection(
        "pool",
        "pool_name",
        row=_row,
        # Ceph's own pools begin with a dot.
        mine=lambda row: not row["pool_name"].startswith("."),
        clear="omit",
    ),
    driver=CephPoolDriver,
    columns=(Column.name(), Column.of("SIZE", "size", 3), Column.of("PGS", "pgNum"), Column.of("FOR", "application")),
    deletion=Impact.DATA_LOSS,
    needs=lambda resource: [Need(_ceph.RUNNING, "metadata.name")],
    # A file system makes its own, and pools of chunks do not tell of what they were made.
    exported=lambda live: live.fields.get("application") != "cephfs" and live.facts.get("type") != "erasure",
    order=74,
    example="""\
apiVersion: proxmox.io/v1
kind: CephPool
metadata: { name: vms }
spec: { pgAutoscaleMode: "on", addStorages: true }
""",
)
