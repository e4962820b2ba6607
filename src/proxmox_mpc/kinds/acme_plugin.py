"""ACMEPlugin: how a domain is proven to be ours."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class ACMEPluginSpec(Part):
    """A plugin of type dns changes records through a provider's API; one of type standalone serves a web page."""

    type: Literal["dns", "standalone"] = field("type", create_only=True, help="Its kind.")
    api: str | None = field("api", help="The provider, such as cf or hetzner (dns).")
    data: str | None = field("data", secret=True, help="The provider's settings as base64 of NAME=VALUE lines (dns).")
    validation_delay: int | None = field(
        "validation-delay", default=30, ge=0, le=172_800, help="Seconds until a record is asked for (dns)."
    )
    nodes: NameList | None = field("nodes", help="Nodes that may use it; without it all.")
    disabled: bool | None = field("disable", default=False, help="Do not use it.")


KIND = regular(
    "ACMEPlugin",
    "acmeplugins",
    ("acmep",),
    ACMEPluginSpec,
    Collection(
        "/cluster/acme/plugins",
        "/cluster/acme/plugins/{id}",
        "plugin",
        # Built in, and without anything to declare.
        mine=lambda row: row["plugin"] != "standalone",
    ),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column.of("API", "api"),
        Column.on("disabled", inverted=True),
    ),
    order=45,
    example="""\
apiVersion: proxmox.io/v1
kind: ACMEPlugin
metadata: { name: dns-provider }
spec: { type: dns, api: cf, data: Q0ZfVG9rZW49Li4u }
""",
)
