"""Bond: several cards of a node as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from proxmox_mpc.kinds import _codec, _interfaces
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._kind import Column, Mistake
from proxmox_mpc.kinds._regular import regular

_OVS_MODES = frozenset({"active-backup", "balance-slb", "lacp-balance-slb", "lacp-balance-tcp"})
_LINUX_MODES = frozenset("balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb".split())


class BondSpec(_interfaces.Addresses):
    """A bond. Its name is NODE/INTERFACE, such as pve1/bond0."""

    type: Literal["bond", "OVSBond"] | None = field(
        "type", default="bond", create_only=True, help="Of the kernel, or of Open vSwitch."
    )
    slaves: list[str] | None = field("slaves", codec=_codec.WORDS, help="The cards.")
    mode: (
        Literal[
            "balance-rr",
            "active-backup",
            "balance-xor",
            "broadcast",
            "802.3ad",
            "balance-tlb",
            "balance-alb",
            "balance-slb",
            "lacp-balance-slb",
            "lacp-balance-tcp",
        ]
        | None
    ) = field("bond_mode", default="balance-rr", help="How they share the work (Open vSwitch: active-backup).")
    primary: str | None = field("bond-primary", help="The card that is used while it works (active-backup).")
    hash_policy: Literal["layer2", "layer2+3", "layer3+4"] | None = field(
        "bond_xmit_hash_policy", help="What decides which card a packet takes (balance-xor, 802.3ad)."
    )
    ovs_bonds: list[str] | None = field("ovs_bonds", codec=_codec.WORDS, help="The cards (Open vSwitch).")
    ovs_bridge: str | None = field("ovs_bridge", create_only=True, help="Bridge that it is a port of (Open vSwitch).")
    ovs_tag: int | None = field("ovs_tag", ge=1, le=4094, help="VLAN of what carries no tag (Open vSwitch).")
    ovs_options: str | None = field("ovs_options", help="Other options (Open vSwitch).")


def _mistakes(fields: Mapping[str, Value], whole: bool) -> Iterator[Mistake]:
    is_ovs = fields.get("type") == "OVSBond"
    yield from _interfaces.of_type(fields, is_ovs, ("slaves", "primary", "hashPolicy", *_interfaces.ADDRESSED))
    mode, modes = fields.get("mode"), _OVS_MODES if is_ovs else _LINUX_MODES
    if mode is not None and mode not in modes:
        word = "Open vSwitch" if is_ovs else "the kernel"
        yield Mistake("mode", f"{word} has no mode {mode}", f"one of {', '.join(sorted(modes))}")


KIND = regular(
    "Bond",
    "bonds",
    (),
    BondSpec,
    # The type is sent even where nobody wrote it: POST and PUT demand it.
    _interfaces.collection("bond", "OVSBond", demanded={"type": "bond"}),
    columns=(Column.name(), Column.of("SLAVES", "slaves"), Column.of("MODE", "mode", "balance-rr")),
    driver=_interfaces.InterfaceDriver,
    needs=_interfaces.bridge_needs,
    mistakes=_mistakes,
    ignored=_interfaces.IGNORED,
    stage=_interfaces.stage,
    touches=_interfaces.touches,
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: Bond
metadata: { name: pve1/bond0 }
spec: { slaves: [eno1, eno2], mode: 802.3ad, hashPolicy: layer3+4, autostart: true }
""",
)
