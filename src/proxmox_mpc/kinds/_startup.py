"""In which order a node starts and stops its guests: the same for VMs and containers."""

from __future__ import annotations

from proxmox_mpc.kinds._field import OptionMap, Part, field


class Startup(Part):
    """Order at the node's start and shutdown."""

    shorthand = "order"
    order: int | None = field(part="order", ge=0, help="Lower starts first and stops last.")
    up: int | None = field(part="up", ge=0, help="Seconds to wait after its start.")
    down: int | None = field(part="down", ge=0, help="Seconds to wait for its shutdown.")
    options: OptionMap | None = field(help="Other parts.")
