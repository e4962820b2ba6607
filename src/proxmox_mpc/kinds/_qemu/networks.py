"""A VM's network cards, and how their property string says model and MAC at once."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._field import Mac, OptionMap, Part, Ranges, field

Model = Literal[
    "virtio", "e1000", "e1000-82540em", "e1000-82544gc", "e1000-82545em", "e1000e", "i82551", "i82557b", "i82559er",
    "ne2k_isa", "ne2k_pci", "pcnet", "rtl8139", "vmxnet3",
]  # fmt: skip
MODELS: tuple[str, ...] = Model.__args__  # type: ignore[attr-defined]


class Network(Part):
    """One network card of a VM."""

    slot: str | None = field(
        help="Such as net0; without it cards are numbered in order.", pattern=r"^net\d+$", hint=True
    )
    model: Model | None = field(part="model", default="virtio", help="Card model.")
    bridge: str | None = field(part="bridge", refers=("SDNVNet", "Bridge"), help="Bridge or VNet.")
    vlan: int | None = field(part="tag", ge=1, le=4094, help="VLAN tag.")
    mac: Mac | None = field(part="macaddr", help="MAC address.", quiet=True, pattern="^([0-9A-F]{2}:){5}[0-9A-F]{2}$")
    firewall: bool | None = field(part="firewall", default=False, help="Whether PVE's firewall filters it.")
    rate: float | None = field(part="rate", ge=0, help="Limit in MB/s.")
    mtu: int | None = field(part="mtu", ge=1, le=65520, help="MTU; 1 takes the bridge's.")
    queues: int | None = field(part="queues", ge=0, le=64, help="Packet queues.")
    link_down: bool | None = field(part="link_down", default=False, help="Whether the cable is unplugged.")
    trunks: Ranges | None = field(part="trunks", help="VLANs passed through.")
    options: OptionMap | None = field(help="Other parts.")


def read_network(parts: dict[str, str]) -> dict[str, str]:
    """`virtio=AA:…` says model and MAC at once (the alias of the API's net format)."""
    for model in MODELS:
        if model in parts:
            rest = {name: text for name, text in parts.items() if name != model}
            return {"model": model, **({"macaddr": parts[model]} if parts[model] != model else {}), **rest}
    return parts


def write_network(parts: dict[str, str]) -> dict[str, str]:
    # The MAC must be sent with every change: PVE makes a new one otherwise (facts.md 13).
    rest = {name: text for name, text in parts.items() if name not in ("model", "macaddr")}
    model = parts.get("model", "virtio")
    if "macaddr" in parts:
        return {model: parts["macaddr"], **rest}
    return {"model": model, **rest}
