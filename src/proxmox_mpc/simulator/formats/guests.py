"""What only guests have: boot order, CPU models, tags, hotplug, start-up order."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable

from proxmox_mpc.simulator.formats._error import FormatError, says

# CPU models that QEMU 10.0 in PVE 9.1 knows (`/nodes/{node}/capabilities/qemu/cpu`).
CPU_MODELS = frozenset(
    """486 athlon Broadwell Broadwell-IBRS Broadwell-noTSX Broadwell-noTSX-IBRS Cascadelake-Server
    Cascadelake-Server-noTSX Cascadelake-Server-v2 Cascadelake-Server-v4 Cascadelake-Server-v5 ClearwaterForest Conroe
    Cooperlake Cooperlake-v2 core2duo coreduo EPYC EPYC-Genoa EPYC-Genoa-v2 EPYC-IBPB EPYC-Milan EPYC-Milan-v2
    EPYC-Milan-v3 EPYC-Rome EPYC-Rome-v2 EPYC-Rome-v3 EPYC-Rome-v4 EPYC-Rome-v5 EPYC-Turin EPYC-v3 EPYC-v4 EPYC-v5
    GraniteRapids GraniteRapids-v2 Haswell Haswell-IBRS Haswell-noTSX Haswell-noTSX-IBRS host Icelake-Client
    Icelake-Client-noTSX Icelake-Server Icelake-Server-noTSX Icelake-Server-v3 Icelake-Server-v4 Icelake-Server-v5
    Icelake-Server-v6 Icelake-Server-v7 IvyBridge IvyBridge-IBRS KnightsMill kvm32 kvm64 max Nehalem Nehalem-IBRS
    Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5 Penryn pentium pentium2 pentium3 phenom qemu32 qemu64
    SandyBridge SandyBridge-IBRS SapphireRapids SapphireRapids-v2 SapphireRapids-v3 SapphireRapids-v4 SierraForest
    SierraForest-v2 Skylake-Client Skylake-Client-IBRS Skylake-Client-noTSX-IBRS Skylake-Client-v4 Skylake-Server
    Skylake-Server-IBRS Skylake-Server-noTSX-IBRS Skylake-Server-v4 Skylake-Server-v5 Westmere Westmere-IBRS
    x86-64-v1 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4 cortex-a35 cortex-a53 cortex-a55 cortex-a57 cortex-a710
    cortex-a72 cortex-a76 neoverse-n1 neoverse-n2 neoverse-v1""".split()
)

# Flags that a guest may switch by itself; the complaint lists them in this order (vm-create-errors, 9.1).
CPU_FLAGS = (
    "aes, amd-no-ssb, amd-ssbd, hv-evmcs, hv-tlbflush, ibpb, md-clear, nested-virt, pcid, pdpe1gb, spec-ctrl, ssbd,"
    " virt-ssbd"
)

_HOTPLUG = frozenset("network disk cpu memory usb cloudinit 1 0".split())
_BOOT_DEVICE = re.compile(
    r"(?:ide[0-3]|sata[0-5]|scsi(?:[0-9]|[12][0-9]|30)|virtio(?:[0-9]|1[0-5])|efidisk0|net\d+|usb\d+|hostpci\d+)"
)
_TAG = re.compile(r"[a-z0-9_][a-z0-9_\-+.]*", re.IGNORECASE | re.ASCII)


def cpu(value: str) -> None:
    parts = dict(p.partition("=")[::2] for p in value.split(",") if "=" in p)
    model = parts.get("cputype") or next((p for p in value.split(",") if "=" not in p), "kvm64")
    if model.startswith("custom-"):
        raise FormatError(f"Custom cputype '{model.removeprefix('custom-')}' not found\n")
    if model not in CPU_MODELS:
        raise FormatError(f"Built-in cputype '{model}' is not defined (missing 'custom-' prefix?)\n")
    allowed = CPU_FLAGS.split(", ")
    for flag in parts.get("flags", "").split(";"):
        if flag and (flag[0] not in "+-" or flag[1:] not in allowed):
            raise FormatError(f"VM-specific CPU flags must be a subset of: {CPU_FLAGS}\n")


def boot_devices(value: str) -> None:
    for device in value.split(";"):
        if device and not _BOOT_DEVICE.fullmatch(device):
            raise FormatError(f"invalid boot device '{device}'\n")


def boot_disk(value: str) -> None:
    if not _BOOT_DEVICE.fullmatch(value):
        raise FormatError(f"invalid boot disk '{value}'\n")


def tag(value: str) -> None:
    if not _TAG.fullmatch(value):
        raise FormatError("invalid characters in tag\n")


def hotplug(value: str) -> None:
    for feature in value.split(","):
        if feature not in _HOTPLUG:
            raise FormatError(f"invalid hotplug feature '{feature}'\n")


def start_up(value: str) -> None:
    if not re.fullmatch(r"(?:(?:order=)?\d+)?(?:,?(?:order|up|down)=\d+)*", value) or not value:
        raise FormatError("unable to parse startup options\n")


def time_zone(value: str) -> None:
    if value != "host" and value not in zoneinfo.available_timezones():
        raise FormatError(f"invalid time zone '{value}'\n")


FORMATS: dict[str, Callable[[str], None]] = {
    "pve-vm-cpu-conf": cpu,
    "pve-qm-bootdev-list": boot_devices,
    "pve-qm-bootdisk": boot_disk,
    "pve-tag": tag,
    "pve-hotplug-features": hotplug,
    "pve-startup-order": start_up,
    "pve-ct-timezone": time_zone,
    "pve-cpuset": says(r"\s*\d+(?:-\d+)?(?:,\s*\d+(?:-\d+)?)*\s*", "unable to parse cpuset option"),
}
