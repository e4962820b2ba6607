"""Which changes are no matter of a guest's config, for they take a volume that is there elsewhere, or make it grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxmox_mpc.kinds._kind import Change

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestApi


def moved(api: GuestApi, change: Change) -> str | None:
    """The slot of the volume that a change takes to another storage."""
    return _slot(api, change, "storage")


def resized(api: GuestApi, change: Change) -> str | None:
    """The slot of the volume that a change makes another size."""
    return _slot(api, change, "size")


def is_detached(api: GuestApi, change: Change) -> bool:
    """Whether a change takes a volume off its guest."""
    return change.new is None and change.path.count(".") == 1 and change.path.partition(".")[0] in api.disk_lists


def _slot(api: GuestApi, change: Change, name: str) -> str | None:
    home, _, rest = change.path.partition(".")
    slot, _, part = rest.rpartition(".") if home in api.disk_lists else ("", "", rest)
    slot = home if home == "rootfs" else slot
    return slot if slot and part == name and change.old is not None and change.new is not None else None
