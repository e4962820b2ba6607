"""CephFlags: what all of Ceph shall not do for now."""

from __future__ import annotations

from collections.abc import Sequence

from proxmox_mpc.kinds import _ceph
from proxmox_mpc.kinds._collection import Scope
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column, Need
from proxmox_mpc.kinds._settings import Settings, settings
from proxmox_mpc.kinds._view import View


class CephFlagsSpec(Part):
    """The flags of Ceph, as Ceph calls them. The only name is `ceph`."""

    nobackfill: bool | None = field("nobackfill", default=False, help="Do not backfill.")
    nodeep_scrub: bool | None = field("nodeep-scrub", default=False, help="Do not scrub deeply.")
    nodown: bool | None = field("nodown", default=False, help="Mark no daemon as down.")
    noin: bool | None = field("noin", default=False, help="Take none in that was out.")
    noout: bool | None = field("noout", default=False, help="Take none out that is down: for maintenance.")
    norebalance: bool | None = field("norebalance", default=False, help="Do not rebalance.")
    norecover: bool | None = field("norecover", default=False, help="Do not recover.")
    noscrub: bool | None = field("noscrub", default=False, help="Do not scrub.")
    notieragent: bool | None = field("notieragent", default=False, help="Do not move between cache tiers.")
    noup: bool | None = field("noup", default=False, help="Let no daemon come up.")
    pause: bool | None = field("pause", default=False, help="Neither read nor write: guests hang.")


async def _where(view: View) -> Sequence[Scope]:
    return [{} for _ in await _ceph.working(view)]


KIND = settings(
    "CephFlags",
    "cephflags",
    (),
    CephFlagsSpec,
    Settings(
        "/cluster/ceph/flags",
        "ceph",
        _where,
        read=lambda rows: {row["name"]: int(row["value"]) for row in rows if row["value"]},
        clear="omit",
        comes_with=_ceph.RUNNING,
    ),
    columns=(Column.name(), Column("SET", lambda live: ", ".join(sorted(live.fields)))),
    needs=lambda resource: [Need(_ceph.RUNNING, "metadata.name")],
    order=78,
    example="""\
apiVersion: proxmox.io/v1
kind: CephFlags
metadata: { name: ceph }
spec: { noout: true }
""",
)
