"""What of a manifest is a node's own: whoever is kept to namespaces may not declare it."""

from __future__ import annotations

from typing import Any

import pytest

from proxmox_mpc.actions._beyond import _is_nodes_own


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("args", "-incoming tcp:0:4444"),
        ("hookscript", "local:snippets/x.sh"),
        ("hostpci.hostpci0.device", "01:00.0"),
        ("hostpci.hostpci0.mapping", "gpu"),
        ("usb.usb0.device", "1-1"),
        ("serial.serial0.device", "/dev/ttyS0"),
        ("parallel.parallel0.device", "/dev/lp0"),
        ("virtiofs.virtiofs0.mapping", "srv"),
        ("disks.scsi1.path", "/dev/sda"),
        ("mounts.mp0.path", "/etc"),
        ("rootfs.path", "/"),
        ("devices.dev0.path", "/dev/kvm"),
        ("unprivileged", False),
        ("features.mknod", True),
        ("cloudInit.custom.user", "local:snippets/other.yaml"),
        ("disks.scsi0.options.file", "/dev/sda"),
        ("options", "anything"),
        ("image.url", "http://10.0.0.1/"),
    ],
)
def test_what_gets_at_the_node_is_refused(path: str, value: Any) -> None:
    assert _is_nodes_own(path, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("serial.serial0.device", "socket"),
        ("usb.usb0.device", "spice"),
        ("unprivileged", True),
        ("features.nesting", True),
        ("disks.scsi0.size", 1 << 30),
        ("mounts.mp0.target", "/srv"),
        ("cloudInit.user", "ops"),
    ],
)
def test_what_stays_inside_is_not(path: str, value: Any) -> None:
    assert not _is_nodes_own(path, value)
