"""/cluster/sdn/ipams and /cluster/sdn/dns: address books (one is built in) and name servers."""

from __future__ import annotations

from urllib.parse import urlsplit

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator.answers.sdn import _objects
from proxmox_mpc.simulator.answers.sdn._objects import Objects, complain
from proxmox_mpc.simulator.answers.sections._section import Section


def _answers(call: Call, section: Section) -> bool:
    return call.cluster.reaches(urlsplit(section["url"]).hostname or "")


def _try_ipam(call: Call, name: str, section: Section) -> None:
    """PVE asks the service before it stores; a simulator reaches those that its seed names."""
    if section["type"] != "pve" and not _answers(call, section):
        complain(call, "ipam", f"Can't connect to {section['type']} api: simulated network")


def _try_dns(call: Call, name: str, section: Section) -> None:
    if not _answers(call, section):
        complain(call, "dns", "dns api error: simulated network")


IPAMS = _objects.collection(
    "ipam",
    "ipams",
    needed={"netbox": ("token", "url"), "phpipam": ("section", "token", "url")},
    kinds={"pve": "", "netbox": "url token fingerprint", "phpipam": "url token section fingerprint"},
    check=_try_ipam,
    # The wrong noun is PVE's own (sdn-controllers-ipams-dns, 9.1).
    absent_delete="delete sdn zone object failed: sdn '{name}' does not exist",
)
DNS = _objects.collection(
    "dns",
    "dns",
    needed={"powerdns": ("key", "url")},
    kinds={"powerdns": "url key ttl reversemaskv6 reversev6mask fingerprint"},
    check=_try_dns,
)
_objects.register(
    Objects(
        "ipam",
        IPAMS,
        guarded=lambda name, section: f"/sdn/ipams/{name}",
        builtin=(("pve", {"type": "pve"}),),
    )
)
_objects.register(Objects("dns", DNS, guarded=lambda name, section: f"/sdn/dns/{name}"))
