"""Limits on how fast data is moved: what a storage and the datacenter can both say."""

from __future__ import annotations

from proxmox_mpc.kinds._field import Part, field

_KIB = "KiB per second, 0: no limit"


class Bandwidth(Part):
    """Limits, in KiB per second."""

    default: float | None = field(part="default", ge=0, help=f"Of everything else ({_KIB}).")
    clone: float | None = field(part="clone", ge=0, help=f"Of clones ({_KIB}).")
    migration: float | None = field(part="migration", ge=0, help=f"Of migrations ({_KIB}).")
    move: float | None = field(part="move", ge=0, help=f"Of disks that move ({_KIB}).")
    restore: float | None = field(part="restore", ge=0, help=f"Of restores ({_KIB}).")
