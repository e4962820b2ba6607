"""/nodes/{node}/capabilities: processors and machines that a node's QEMU can be."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers

_PATH = "/nodes/{node}/capabilities/qemu"

# QEMU's processor models by vendor.
_MODELS = {
    "default": "kvm32 kvm64 max qemu32 qemu64 x86-64-v2 x86-64-v2-AES x86-64-v3 x86-64-v4",
    "host": "host",
    "GenuineIntel": "486 Broadwell Broadwell-noTSX Cascadelake-Server Conroe Cooperlake Haswell Haswell-noTSX"
    " Icelake-Server IvyBridge Nehalem Penryn SandyBridge SapphireRapids Skylake-Client Skylake-Server Westmere"
    " core2duo coreduo pentium pentium2 pentium3",
    "AuthenticAMD": "EPYC EPYC-Genoa EPYC-Milan EPYC-Rome Opteron_G1 Opteron_G2 Opteron_G3 Opteron_G4 Opteron_G5"
    " athlon phenom",
}
_MODELS_ARM = {"ARM": "cortex-a35 cortex-a53 cortex-a55 cortex-a57 cortex-a72 cortex-a76 neoverse-n1", "default": "max"}

# What a guest gets from each flag; the words are ours.
_FLAGS = {
    "aes": "AES instructions",
    "amd-no-ssb": "AMD: not vulnerable to speculative store bypass",
    "amd-ssbd": "AMD: speculative store bypass can be disabled",
    "hv-evmcs": "Windows: faster nested virtualization on Intel",
    "hv-tlbflush": "Windows: the host flushes TLBs for overcommitted guests",
    "ibpb": "AMD: indirect branch prediction barrier",
    "md-clear": "Intel: buffers can be cleared against MDS",
    "pcid": "Intel: cheaper mitigation of Meltdown",
    "pdpe1gb": "Pages of one gibibyte",
    "spec-ctrl": "Intel: mitigation of Spectre",
    "ssbd": "Intel: speculative store bypass can be disabled",
    "virt-ssbd": "AMD: speculative store bypass can be disabled, virtualized",
}

# Versions of the machine types that each release offers, newest first.
_VERSIONS = {"9.1": ("10.1", "10.0", "9.2", "9.1", "9.0", "8.2", "8.1", "8.0", "7.2", "6.2"),
             "8.4": ("9.2", "9.1", "9.0", "8.2", "8.1", "8.0", "7.2", "6.2")}  # fmt: skip


@answers("GET", _PATH)
def index(call: Call) -> Any:
    return [{"name": "cpu"}, {"name": "machines"}, {"name": "migration"}]


@answers("GET", f"{_PATH}/cpu")
def processors(call: Call) -> Any:
    models = _MODELS_ARM if call.text("arch") == "aarch64" else _MODELS
    return [{"name": n, "vendor": vendor, "custom": 0} for vendor, names in models.items() for n in names.split()]


@answers("GET", f"{_PATH}/cpu-flags")
def flags(call: Call) -> Any:
    known = {} if call.text("arch") == "aarch64" else _FLAGS
    return [{"name": name, "description": text} for name, text in known.items()]


@answers("GET", f"{_PATH}/machines")
def machines(call: Call) -> Any:
    return [
        {"id": f"pc-{kind}-{version}", "type": kind, "version": version}
        for version in _VERSIONS[call.cluster.version] for kind in ("i440fx", "q35")
    ]  # fmt: skip


@answers("GET", f"{_PATH}/migration")
def migration(call: Call) -> Any:
    return {"has-dbus-vmstate": 1}
