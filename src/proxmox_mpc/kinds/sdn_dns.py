"""SDNDNS: a name server that learns the names of guests in virtual networks."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class SDNDNSSpec(Part):
    """A name server. PVE asks it before it takes a change."""

    type: Literal["powerdns"] = field("type", create_only=True, help="Which service it is.")
    url: str = field("url", help="URL of its API.")
    key: str | None = field("key", secret=True, help="Key of its API; needed to make it.")
    ttl: int | None = field("ttl", ge=0, help="Seconds that its answers may be kept.")
    reverse_mask_v6: int | None = field("reversemaskv6", ge=0, le=128, help="Prefix length of reverse zones (IPv6).")
    reverse_v6_mask: int | None = field("reversev6mask", create_only=True, help="Old spelling of reverseMaskV6.")
    fingerprint: str | None = field("fingerprint", help="SHA-256 fingerprint of its certificate.")


KIND = regular(
    "SDNDNS",
    "sdndns",
    (),
    SDNDNSSpec,
    Collection("/cluster/sdn/dns", "/cluster/sdn/dns/{dns}", "dns", detailed=True),
    columns=(Column.name(), Column.of("TYPE", "type"), Column.of("URL", "url")),
    order=10,
    example="""\
apiVersion: proxmox.io/v1
kind: SDNDNS
metadata: { name: powerdns }
spec: { type: powerdns, url: "http://10.0.0.1:8081/api/v1/servers/localhost", key: …, ttl: 3600 }
""",
)
