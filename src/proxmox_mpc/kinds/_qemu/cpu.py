"""Processors, the NUMA nodes that they lie in, and how their memory is kept from the host."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._field import Mebibytes, OptionMap, Part, Ranges, Semicolons, field

CpuSet = Annotated[list[str], BeforeValidator(_codec.CPU_SET.read), _codec.CPU_SET]


class Cpu(Part):
    """Processors."""

    cores: int | None = field("cores", default=1, ge=1, help="Cores per socket.")
    sockets: int | None = field("sockets", default=1, ge=1, help="Sockets.")
    type: str | None = field("cpu", part="cputype", default="kvm64", help="CPU model, such as host.")
    flags: Semicolons | None = field("cpu", part="flags", help="Flags to add or remove, such as +aes.")
    hidden: bool | None = field("cpu", part="hidden", default=False, help="Hide that it is a VM.")
    reported_model: str | None = field("cpu", part="reported-model", help="Model and vendor that a custom model shows.")
    hv_vendor_id: str | None = field("cpu", part="hv-vendor-id", help="Hyper-V vendor.", pattern="^[a-zA-Z0-9]{1,12}$")
    phys_bits: str | None = field("cpu", part="phys-bits", help="Bits of physical addresses: 8 to 64, or host.")
    guest_phys_bits: int | None = field(
        "cpu", part="guest-phys-bits", ge=32, le=64, help="Bits of addresses that the guest may use."
    )
    limit: float | None = field("cpulimit", default=0, ge=0, le=128, help="CPUs' worth of time; 0: no limit.")
    units: int | None = field("cpuunits", ge=1, le=262144, help="Weight against other guests.")
    vcpus: int | None = field("vcpus", ge=1, help="CPUs plugged in at start; the rest can be hot-plugged.")
    numa: bool | None = field("numa", default=False, help="NUMA topology; needed for memory hot-plug.")
    affinity: CpuSet | None = field("affinity", help="Host cores it may run on.")
    options: OptionMap | None = field(help="Other parts of the CPU's property string.")


class NumaNode(Part):
    """One NUMA node of the guest."""

    slot: str | None = field(help="Such as numa0.", pattern=r"^numa\d+$", hint=True)
    cpus: Ranges | None = field(part="cpus", help="Its CPUs, counted from 0.")
    memory: Mebibytes | None = field(part="memory", ge=0, help="Its memory in MiB.")
    host_nodes: Ranges | None = field(part="hostnodes", help="Nodes of the host that the memory comes from.")
    policy: Literal["preferred", "bind", "interleave"] | None = field(part="policy", help="How strictly.")
    options: OptionMap | None = field(help="Other parts.")


class AmdSev(Part):
    """Memory encryption by AMD processors."""

    shorthand = "type"
    type: Literal["std", "es", "snp"] | None = field(part="type", help="Technique.")
    no_debug: bool | None = field(part="no-debug", default=False, help="Forbid debugging.")
    no_key_sharing: bool | None = field(part="no-key-sharing", default=False, help="Share no key with other guests.")
    allow_smt: bool | None = field(part="allow-smt", default=True, help="Run on hosts with SMT.")
    kernel_hashes: bool | None = field(part="kernel-hashes", default=False, help="Measure the kernel too.")
    options: OptionMap | None = field(help="Other parts.")


class IntelTdx(Part):
    """Memory encryption by Intel processors."""

    shorthand = "type"
    type: Literal["tdx"] | None = field(part="type", help="Technique.")
    attestation: bool | None = field(part="attestation", default=True, help="Whether quotes can be had.")
    vsock_cid: int | None = field(part="vsock-cid", ge=0, help="CID of the quote service.")
    vsock_port: int | None = field(part="vsock-port", ge=0, help="Port of the quote service.")
    options: OptionMap | None = field(help="Other parts.")
