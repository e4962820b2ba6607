"""Property strings that the facts table only names: their parts, in the table's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facts = Mapping[str, Any]

_FLAG: Facts = {"type": "boolean", "optional": 1}
_TEXT: Facts = {"type": "string", "optional": 1}
_BASE64: Facts = {"type": "string", "optional": 1, "pattern": r"[A-Za-z0-9+\/]+={0,2}"}
_VOLUME: Facts = {"type": "string", "optional": 1, "format": "pve-volume-id"}
_PCI_ID: Facts = {"type": "string", "optional": 1, "pattern": r"0x[0-9A-Fa-f]{4}"}
_KEPT: Facts = {"type": "integer", "optional": 1, "minimum": 0}

PROPERTY_STRINGS: Mapping[str, Mapping[str, Facts]] = {
    "pve-qm-boot": {
        "legacy": {"type": "string", "optional": 1, "pattern": "[acdn]{1,4}", "default_key": 1},
        "order": {"type": "string", "optional": 1, "format": "pve-qm-bootdev-list"},
    },
    "pve-qm-smbios1": {
        "uuid": {
            "type": "string",
            "optional": 1,
            "pattern": r"[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}",
        },
        **dict.fromkeys(("version", "serial", "manufacturer", "product", "sku", "family"), _BASE64),
        "base64": _FLAG,
    },
    "pve-sdn-dhcp-range": {
        "start-address": {"type": "string", "format": "ip"},
        "end-address": {"type": "string", "format": "ip"},
    },
    "pve-qm-watchdog": {
        "model": {"type": "string", "optional": 1, "enum": ["i6300esb", "ib700"], "default_key": 1},
        "action": {
            "type": "string",
            "optional": 1,
            "enum": ["reset", "shutdown", "poweroff", "pause", "debug", "none"],
        },
    },
    "pve-qm-rng": {
        "source": {"type": "string", "enum": ["/dev/urandom", "/dev/random", "/dev/hwrng"], "default_key": 1},
        "max_bytes": {"type": "integer", "optional": 1},
        "period": {"type": "integer", "optional": 1},
    },
    "pve-qm-hostpci": {
        "host": {
            "type": "string",
            "optional": 1,
            "default_key": 1,
            "pattern": r"(?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}(?:\.[0-9a-f])?"
            r"(?:;(?:[0-9a-f]{4,}:)?[0-9a-f]{2}:[0-9a-f]{2}(?:\.[0-9a-f])?)*",
        },
        "mapping": {"type": "string", "optional": 1, "format": "pve-configid"},
        **dict.fromkeys(("rombar", "pcie", "x-vga", "legacy-igd"), _FLAG),
        "romfile": _TEXT,
        "mdev": _TEXT,
        "driver": {"type": "string", "optional": 1, "enum": ["vfio", "keep"]},
        **dict.fromkeys(("vendor-id", "device-id", "sub-vendor-id", "sub-device-id"), _PCI_ID),
    },
    "pve-qm-ipconfig": {
        "ip": {"type": "string", "optional": 1, "format": "pve-ipv4-config"},
        "gw": {"type": "string", "optional": 1, "format": "ipv4", "requires": "ip"},
        "ip6": {"type": "string", "optional": 1, "format": "pve-ipv6-config"},
        "gw6": {"type": "string", "optional": 1, "format": "ipv6", "requires": "ip6"},
    },
    "pve-qm-cicustom": dict.fromkeys(("meta", "network", "user", "vendor"), _VOLUME),
    "pve-qemu-sev-fmt": {
        "type": {"type": "string", "enum": ["std", "es", "snp"], "default_key": 1},
        **dict.fromkeys(("no-debug", "no-key-sharing", "allow-smt", "kernel-hashes"), _FLAG),
    },
    "pve-vm-cpu-conf": {
        "cputype": {"type": "string", "optional": 1, "default_key": 1},
        "reported-model": _TEXT,
        "hidden": _FLAG,
        "hv-vendor-id": {"type": "string", "optional": 1, "pattern": r"[a-zA-Z0-9]{1,12}"},
        "flags": {"type": "string", "optional": 1, "pattern": r"[+-][a-zA-Z0-9\-_.]+(?:;[+-][a-zA-Z0-9\-_.]+)*"},
        "phys-bits": {"type": "string", "optional": 1, "pattern": r"(?:host|\d{1,2})"},
        "guest-phys-bits": {"type": "integer", "optional": 1, "minimum": 32, "maximum": 64},
    },
    "prune-backups": {
        "keep-all": _FLAG,
        **dict.fromkeys(
            ("keep-last", "keep-hourly", "keep-daily", "keep-weekly", "keep-monthly", "keep-yearly"), _KEPT
        ),
    },
    "backup-fleecing": {
        "enabled": {"type": "boolean", "optional": 1, "default_key": 1},
        "storage": {"type": "string", "optional": 1, "format": "pve-storage-id"},
    },
    "backup-performance": {
        "max-workers": {"type": "integer", "optional": 1, "minimum": 1, "maximum": 256},
        "pbs-entries-max": {"type": "integer", "optional": 1, "minimum": 1},
    },
    "realm-sync-options": {
        "scope": {"type": "string", "optional": 1, "enum": ["users", "groups", "both"]},
        "remove-vanished": _TEXT,
        **dict.fromkeys(("enable-new", "full", "purge"), _FLAG),
    },
    "pve-tfa-config": {
        "type": {"type": "string", "enum": ["yubico", "oath"]},
        "id": _TEXT,
        "key": _TEXT,
        "url": _TEXT,
        "digits": {"type": "integer", "optional": 1, "minimum": 6, "maximum": 8},
        "step": {"type": "integer", "optional": 1, "minimum": 10},
    },
}
