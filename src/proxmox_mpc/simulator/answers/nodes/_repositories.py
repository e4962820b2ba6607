"""The package repositories of an installation, and those that PVE offers to add."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SUITES = {"9.1": "trixie", "8.4": "bookworm"}
_FOLDER = "/etc/apt/sources.list.d"
_ENTERPRISE, _PUBLIC = "https://enterprise.proxmox.com/debian", "http://download.proxmox.com/debian"


@dataclass(frozen=True)
class Standard:
    """A repository that PVE knows by a handle."""

    name: str
    uri: str
    component: str


STANDARD: Mapping[str, Standard] = {
    "enterprise": Standard("Enterprise", f"{_ENTERPRISE}/pve", "pve-enterprise"),
    "no-subscription": Standard("No-Subscription", f"{_PUBLIC}/pve", "pve-no-subscription"),
    "test": Standard("Test", f"{_PUBLIC}/pve", "pvetest"),
    "ceph-squid-enterprise": Standard("Ceph Squid Enterprise", f"{_ENTERPRISE}/ceph-squid", "enterprise"),
    "ceph-squid-no-subscription": Standard("Ceph Squid No-Subscription", f"{_PUBLIC}/ceph-squid", "no-subscription"),
    "ceph-squid-test": Standard("Ceph Squid Test", f"{_PUBLIC}/ceph-squid", "test"),
}


def _ending(version: str) -> str:
    """9.x writes stanzas, 8.x lines."""
    return "list" if version == "8.4" else "sources"


def _entry(version: str, uri: str, suites: list[str], components: list[str], keyring: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Types": ["deb"], "URIs": [uri], "Suites": suites, "Components": components, "Enabled": 1,
        "FileType": _ending(version),
    }  # fmt: skip
    if version != "8.4":
        entry["Options"] = [{"Key": "Signed-By", "Values": [f"/usr/share/keyrings/{keyring}.gpg"]}]
    return entry


def make(handle: str, version: str) -> tuple[str, dict[str, Any]]:
    """A standard repository: the file that it belongs in, and its entry."""
    standard, ending = STANDARD[handle], _ending(version)
    file = "ceph" if handle.startswith("ceph") else "pve-enterprise" if handle == "enterprise" else "proxmox"
    entry = _entry(version, standard.uri, [SUITES[version]], [standard.component], "proxmox-archive-keyring")
    return f"{_FOLDER}/{file}.{ending}", entry


def installed(version: str) -> dict[str, dict[str, Any]]:
    """The files of a fresh node: Debian's, and Proxmox's for customers."""
    suite, ending = SUITES[version], _ending(version)
    parts, keyring = ["main", "contrib", "non-free-firmware"], "debian-archive-keyring"
    debian = [
        _entry(version, "http://debian.example.org/debian/", [suite, f"{suite}-updates"], parts, keyring),
        _entry(version, "http://debian.example.org/debian-security/", [f"{suite}-security"], parts, keyring),
    ]
    found = {f"{_FOLDER}/debian.{ending}": {"file-type": ending, "repositories": debian}}
    for handle in ("enterprise", "ceph-squid-enterprise"):
        path, entry = make(handle, version)
        found[path] = {"file-type": ending, "repositories": [entry]}
    return found
