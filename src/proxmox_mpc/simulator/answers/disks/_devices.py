"""Devices by their paths: found, checked, labelled, wiped."""

from __future__ import annotations

from collections.abc import Sequence

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.state.cluster import Node
from proxmox_mpc.simulator.state.disks import Device, Disk, find_device, spaces_on


def device(call: Call, path: str) -> tuple[Disk, Device]:
    """The device of a path with its disk, or PVE's error."""
    found = find_device(call.node.disks, path)
    if found is None:
        die("not a valid block device")
    return found


def is_used(disk: Disk, one: Device) -> bool:
    """Is there anything on the device? A disk is used when one of its partitions is there."""
    return disk.is_used if one is disk else bool(one.label)


def check_unused(call: Call, paths: Sequence[str]) -> None:
    """Raise unless all of the devices exist and nothing is on them."""
    for path in paths:
        disk, one = device(call, path)
        if is_used(disk, one):
            die(f"device '{path}' is already in use")


def add_partition(disk: Disk, label: str) -> Device:
    """The whole of an empty disk as its first partition."""
    separator = "p" if disk.name[-1].isdigit() else ""
    made = Device(f"{disk.name}{separator}1", disk.size, label)
    disk.gpt = True
    disk.partitions.append(made)
    return made


def wipe(node: Node, path: str) -> None:
    """Nothing is on the device any more; a disk loses its partitions."""
    found = find_device(node.disks, path)
    if found is None:
        return
    disk, one = found
    one.label = ""
    if one is disk:
        disk.partitions.clear()
        disk.osds.clear()
        disk.gpt = False


def holds_something(node: Node, disk: Disk, one: Device) -> bool:
    """Is the device part of something that works right now?"""
    if one is disk:
        return bool(disk.osds) or any(spaces_on(node.disks, node.spaces, disk))
    return any(one.path in space.devices for space in node.spaces)
