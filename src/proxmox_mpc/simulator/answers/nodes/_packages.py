"""The packages of a simulated node, as far as clients ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

KERNEL = "6.17.2-1-pve"


@dataclass(frozen=True)
class Package:
    """A package with its version in PVE 9.1 and 8.4, and a newer one if there is."""

    name: str
    versions: tuple[str, str]
    title: str
    newer: str = ""
    section: str = "admin"
    origin: str = "Proxmox"
    architecture: str = "all"

    def version(self, release: str) -> str:
        return self.versions[release == "8.4"]


PACKAGES = (
    Package("proxmox-ve", ("9.1.0", "8.4.0"), "The virtualization platform"),
    Package("pve-manager", ("9.1.7", "8.4.14"), "Management tools", "9.1.8"),
    Package("pve-cluster", ("9.0.7", "8.1.2"), "Cluster file system", architecture="amd64"),
    Package("pve-container", ("6.0.18", "5.3.3"), "Container management"),
    Package("pve-firewall", ("6.0.4", "5.1.2"), "Firewall", architecture="amd64"),
    Package("pve-ha-manager", ("5.0.8", "4.0.7"), "High availability manager", architecture="amd64"),
    Package("pve-qemu-kvm", ("10.1.2-4", "9.2.0-7"), "Machine emulator", "10.1.2-5", architecture="amd64"),
    Package("qemu-server", ("9.1.0", "8.4.4"), "Virtual machine management", "9.1.1", architecture="amd64"),
    Package("libpve-storage-perl", ("9.1.0", "8.3.7"), "Storage management", section="perl"),
    Package("proxmox-backup-client", ("4.0.20-1", "3.4.7-1"), "Backup client", architecture="amd64"),
    Package("lxc-pve", ("6.0.5-3", "6.0.0-1"), "Container tools", architecture="amd64"),
    Package("zfsutils-linux", ("2.3.4-pve1", "2.2.8-pve1"), "ZFS tools", architecture="amd64"),
    Package("ceph-fuse", ("19.2.3-pve2", "19.2.3-pve1"), "Ceph file system client", architecture="amd64"),
    Package("corosync", ("3.1.9-pve2", "3.1.9-pve1"), "Cluster engine", architecture="amd64"),
    Package("bash", ("5.2.37-2+b5", "5.2.15-2+b8"), "Shell", section="shells", origin="Debian", architecture="amd64"),
    Package("openssh-server", ("1:10.0p1-7", "1:9.2p1-2+deb12u7"), "Secure shell server", "1:10.0p1-8", "net", "Debian",
            "amd64"),
)  # fmt: skip


def row(release: str, package: Package) -> dict[str, Any]:
    """What every list shows of a package."""
    return {
        "Package": package.name, "Title": package.title, "Description": f"{package.title}, simulated.",
        "Version": package.version(release), "Arch": package.architecture, "Section": package.section,
        "Priority": "optional", "Origin": package.origin,
    }  # fmt: skip
