"""FirewallOptions: whether the firewall of the cluster, a node, a guest or a virtual network works, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from proxmox_mpc.kinds import _field
from proxmox_mpc.kinds._field import field, group
from proxmox_mpc.kinds._firewall import FirewallDriver, Place, place_needs
from proxmox_mpc.kinds._kind import Column, Key, Kind, Live, Need, Resource
from proxmox_mpc.kinds._reach import Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

Level = Literal["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug", "nolog"]
Policy = Literal["ACCEPT", "REJECT", "DROP"]


class RateLimit(_field.Part):
    """How much is logged."""

    enabled: bool | None = field(part="enable", default=True, help="Whether there is a limit.")
    burst: int | None = field(part="burst", default=5, ge=0, help="Lines at once.")
    rate: str | None = field(part="rate", default="1/second", help="Lines in a time, such as 5/second.")


class FirewallOptionsSpec(_field.Part):
    """A firewall's options. Which apply depends on where it stands; PVE refuses the others."""

    enabled: bool | None = field("enable", help="Whether it works. On the cluster, it switches all of them.")
    policy_in: Policy | None = field("policy_in", help="What becomes of incoming traffic without a rule.")
    policy_out: Policy | None = field("policy_out", help="What becomes of outgoing traffic without a rule.")
    policy_forward: Literal["ACCEPT", "DROP"] | None = field("policy_forward", help="Of traffic that passes through.")
    log_in: Level | None = field("log_level_in", help="How incoming traffic is logged.")
    log_out: Level | None = field("log_level_out", help="How outgoing traffic is logged.")
    log_forward: Level | None = field("log_level_forward", help="How traffic that passes through is logged.")
    ebtables: bool | None = field("ebtables", default=True, help="Whether bridges are filtered (cluster).")
    log_rate_limit: RateLimit | None = group(
        "log_ratelimit", default_part="enable", help="How much is logged (cluster)."
    )
    dhcp: bool | None = field("dhcp", default=False, help="Let DHCP through (guest).")
    ip_filter: bool | None = field("ipfilter", help="Only the guest's own addresses may send (guest).")
    mac_filter: bool | None = field(
        "macfilter", default=True, help="Only the guest's own MAC address may send (guest)."
    )
    ndp: bool | None = field("ndp", default=True, help="Let neighbour discovery through (node, guest).")
    router_advertisement: bool | None = field("radv", help="Let router advertisements out (guest).")
    nftables: bool | None = field("nftables", default=False, help="Use nftables (node).")
    no_smurfs: bool | None = field("nosmurfs", help="Drop smurf packets (node).")
    smurf_log: Level | None = field("smurf_log_level", help="How they are logged (node).")
    tcp_flags: bool | None = field("tcpflags", default=False, help="Drop impossible TCP flags (node).")
    tcp_flags_log: Level | None = field("tcp_flags_log_level", help="How they are logged (node).")
    log_conntrack: bool | None = field("log_nf_conntrack", default=False, help="Log connections (node).")
    conntrack_invalid: bool | None = field(
        "nf_conntrack_allow_invalid", default=False, help="Allow invalid ones (node)."
    )
    conntrack_helpers: str | None = field("nf_conntrack_helpers", help="Protocols with helpers (node).")
    conntrack_max: int | None = field("nf_conntrack_max", default=262_144, ge=32_768, help="Connections (node).")
    conntrack_established: int | None = field(
        "nf_conntrack_tcp_timeout_established", default=432_000, ge=7875, help="Seconds until an idle one ends (node)."
    )
    conntrack_syn_received: int | None = field(
        "nf_conntrack_tcp_timeout_syn_recv", default=60, ge=30, le=60, help="Seconds until a half-open one ends (node)."
    )
    syn_flood: bool | None = field("protection_synflood", default=False, help="Protect from SYN floods (node).")
    syn_flood_burst: int | None = field("protection_synflood_burst", default=1000, help="Packets at once (node).")
    syn_flood_rate: int | None = field("protection_synflood_rate", default=200, help="Packets a second (node).")


class OptionsPart:
    kinds = ("cluster", "node", "guest", "vnet")
    is_always_there = True
    writes = (Write("PUT", "/options"),)

    async def names(self, view: View, place: Place) -> list[str]:
        return [""]

    async def read(self, view: View, place: Place, own: str) -> dict[str, Any]:
        found: dict[str, Any] = await view.pve.get(f"{place.path}/options", place.variables)
        return found

    async def make(self, run: Run, place: Place, own: str, params: Mapping[str, Any]) -> None:
        raise AssertionError("options are always there")

    async def change(
        self, run: Run, place: Place, own: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        params = {name: text for name, text in after.items() if before.get(name) != text}
        if gone := sorted(before.keys() - after.keys()):
            params["delete"] = gone
        await run.call("PUT", f"{place.path}/options", {**place.variables, **params}, title=f"change {place.name}")

    async def remove(self, run: Run, place: Place, own: str, live: Live) -> None:
        """Back to their defaults goes what was declared."""
        declared = {path: value for path, value in live.fields.items() if path in run.applied}
        if declared:
            await self.change(run, place, own, KIND.schema.encode(declared), {})


def _needs(resource: Resource) -> list[Need]:
    """The rules of the place: a firewall that is switched on before they are there locks people out."""
    return [*place_needs(resource), Need(Key("FirewallRules", "", resource.key.name), "metadata.name")]


KIND: Kind = Kind(
    name="FirewallOptions",
    plural="firewalloptions",
    short=("fwo",),
    model=FirewallOptionsSpec,
    driver=FirewallDriver("FirewallOptions", OptionsPart(), lambda: KIND.schema),
    columns=(Column.name(), Column.on("enabled"), Column.of("IN", "policyIn"), Column.of("OUT", "policyOut")),
    always_there=True,
    needs=_needs,
    order=85,
    example="""\
apiVersion: proxmox.io/v1
kind: FirewallOptions
metadata: { name: cluster }
spec: { enabled: true, policyIn: DROP }
""",
)
