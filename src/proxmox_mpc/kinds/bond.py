"""Bond: several cards of a node as one."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _codec, _interfaces
from proxmox_mpc.kinds._collection import regular
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._kind import Column


class BondSpec(_interfaces.Addresses):
    """A bond. Its name is NODE/INTERFACE, such as pve1/bond0."""

    slaves: list[str] | None = field("slaves", codec=_codec.WORDS, help="The cards.")
    mode: (
        Literal["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"]
        | None
    ) = field("bond_mode", default="balance-rr", help="How they share the work.")
    primary: str | None = field("bond-primary", help="The card that is used while it works (active-backup).")
    hash_policy: Literal["layer2", "layer2+3", "layer3+4"] | None = field(
        "bond_xmit_hash_policy", help="What decides which card a packet takes (balance-xor, 802.3ad)."
    )


KIND = regular(
    "Bond",
    "bonds",
    (),
    BondSpec,
    _interfaces.collection("bond", fixed={"type": "bond"}),
    columns=(Column.name(), Column.of("SLAVES", "slaves"), Column.of("MODE", "mode", "balance-rr")),
    ignored=_interfaces.IGNORED,
    stage=_interfaces.stage,
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: Bond
metadata: { name: pve1/bond0 }
spec: { slaves: [eno1, eno2], mode: 802.3ad, hashPolicy: layer3+4, autostart: true }
""",
)
