"""What of a VM's spec cannot go together: what PVE refuses at once, or at the next start (qemu-server, 8.4 and 9.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._kind import Mistake

CLOUD_INIT_DRIVE = ("cloudInit.storage", "cloudInit.drive")
ALWAYS_SAID = ("cloudInit.slot", "cloudInit.upgrade")
"""What has a default, so that it says nothing of whether anybody wants cloud-init."""


def mistakes(fields: Mapping[str, Value], whole: bool) -> Iterator[Mistake]:
    """The contradictions in these fields; only when they are the `whole` guest does what is missing count."""
    yield from _memory(fields)
    yield from _processors(fields)
    yield from _devices(fields, whole)
    yield from _firmware(fields, whole)
    yield from _cloud_init(fields, whole)


def _number(fields: Mapping[str, Value], path: str) -> int | None:
    value = fields.get(path)
    return value if isinstance(value, int) else None


def _memory(fields: Mapping[str, Value]) -> Iterator[Mistake]:
    memory, balloon = _number(fields, "memory"), _number(fields, "balloon")
    if memory is not None and balloon is not None and balloon > memory:
        yield Mistake("balloon", f"{balloon} MiB is more than the memory of {memory} MiB", "lower it, or 0 for none")
    nodes = {path.split(".")[1] for path in fields if path.startswith("numaNodes.")}
    if fields.get("cpu.numa") is False:
        hotplug = fields.get("hotplug", [])
        if isinstance(hotplug, list) and "memory" in hotplug:
            yield Mistake("hotplug", "memory cannot be hot-plugged without NUMA", "set cpu.numa: true")
        if "hugepages" in fields:
            yield Mistake("hugepages", "huge pages need NUMA", "set cpu.numa: true")
        if nodes:
            yield Mistake("numaNodes", "they have no effect without NUMA", "set cpu.numa: true")
    sizes = [_number(fields, f"numaNodes.{node}.memory") for node in nodes]
    known = [size for size in sizes if size is not None]
    if memory is not None and known and len(known) == len(nodes) and sum(known) != memory:
        message = f"they have {sum(known)} MiB together, and the guest has {memory} MiB"
        yield Mistake("numaNodes", message, "the two must be equal")


def _processors(fields: Mapping[str, Value]) -> Iterator[Mistake]:
    cores, sockets, plugged = (_number(fields, f"cpu.{name}") for name in ("cores", "sockets", "vcpus"))
    if cores is not None and sockets is not None and plugged is not None and plugged > cores * sockets:
        message = f"{plugged} is more than {cores} cores in {sockets} sockets"
        yield Mistake("cpu.vcpus", message, "raise cpu.cores, or lower it")
    if "amdSev.type" in fields and "intelTdx.type" in fields:
        yield Mistake("intelTdx", "a host has AMD's processors or Intel's", "leave amdSev or intelTdx out")


def _devices(fields: Mapping[str, Value], whole: bool) -> Iterator[Mistake]:
    for home in ("hostpci", "usb"):
        for slot in sorted({path.split(".")[1] for path in fields if path.startswith(f"{home}.")}):
            named = {name for name in ("device", "mapping") if f"{home}.{slot}.{name}" in fields}
            if len(named) == 2:
                yield Mistake(f"{home}.{slot}", "is a device or a mapping, not both", "leave one of them out")
            if whole and not named:
                yield Mistake(f"{home}.{slot}", "names neither a device nor a mapping", "write device or mapping")
    machine = fields.get("machine.type", "pc" if whole else "q35")
    for path, value in fields.items():
        if path.startswith("hostpci.") and path.endswith(".pcie") and value and not _has_pcie(str(machine)):
            yield Mistake(path, f"machine {machine} has no PCIe", "set machine: q35, or pcie: false")


def _has_pcie(machine: str) -> bool:
    return "q35" in machine or machine.startswith("virt")


def _firmware(fields: Mapping[str, Value], whole: bool) -> Iterator[Mistake]:
    bios = fields.get("bios", "seabios" if whole else "ovmf")
    if "efiDisk.storage" in fields and bios != "ovmf":
        yield Mistake("efiDisk", f"{bios} does not use it", "set bios: ovmf")


def _cloud_init(fields: Mapping[str, Value], whole: bool) -> Iterator[Mistake]:
    said = [path for path in fields if path.startswith("cloudInit.") and path not in ALWAYS_SAID]
    if whole and said and not any(path in fields for path in CLOUD_INIT_DRIVE):
        yield Mistake(said[0], "nothing of it reaches the guest without a drive", "write cloudInit.storage")
    for path in said:
        base, _, name = path.rpartition(".")
        if name in ("gateway", "gateway6") and f"{base}.{'ip' if name == 'gateway' else 'ip6'}" not in fields and whole:
            needed = "ip" if name == "gateway" else "ip6"
            yield Mistake(path, "a gateway needs an address", f"write {needed} beside it")
