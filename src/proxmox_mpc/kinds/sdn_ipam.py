"""SDNIPAM: an address book of virtual networks."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class SDNIPAMSpec(Part):
    """An address book. Other services are asked by PVE before it takes a change; `pve` needs no other field."""

    type: Literal["netbox", "phpipam", "pve"] = field("type", create_only=True, help="Which service it is.")
    url: str | None = field("url", help="URL of its API (netbox, phpipam).")
    token: str | None = field("token", secret=True, help="Access token (netbox, phpipam).")
    section: int | None = field("section", ge=1, help="Number of the section (phpipam).")
    fingerprint: str | None = field("fingerprint", help="SHA-256 fingerprint of its certificate (netbox, phpipam).")


KIND = regular(
    "SDNIPAM",
    "sdnipams",
    ("ipam",),
    SDNIPAMSpec,
    Collection("/cluster/sdn/ipams", "/cluster/sdn/ipams/{ipam}", "ipam", detailed=True),
    columns=(Column.name(), Column.of("TYPE", "type"), Column.of("URL", "url")),
    # PVE's own address book is built in.
    exported=lambda live: live.key.name != "pve",
    order=10,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNIPAM
metadata: { name: netbox }
spec: { type: netbox, url: "https://netbox.example.org/api", token: … }
""",
)
