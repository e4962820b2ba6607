"""/cluster/metrics/server: where the cluster sends its measurements. Nothing is sent."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.sections import _section
from proxmox_mpc.simulator.answers.sections._section import Collection, Section

_COMMON = frozenset("type server port disable mtu timeout".split())
_KINDS = {
    "graphite": _COMMON | frozenset("path proto".split()),
    "influxdb": _COMMON
    | frozenset("api-path-prefix bucket influxdbproto max-body-size organization token verify-certificate".split()),
    "opentelemetry": _COMMON
    | frozenset(
        "otel-compression otel-headers otel-max-body-size otel-path otel-protocol otel-resource-attributes otel-timeout"
        " otel-verify-ssl".split()
    ),
}


def _check_connection(call: Call, name: str, section: Section) -> None:
    """Types that need a connection would be tried at once; a simulator reaches whom its seed names (facts, 9.1)."""
    is_tcp = section.get("proto") == "tcp" or section.get("influxdbproto") in ("http", "https")
    if is_tcp and section.get("disable") != "1" and not call.cluster.reaches(section["server"]):
        die(f"Connection test failed: can't connect to {section['server']}:{section['port']} - simulated network")


SERVERS = Collection(
    file="status.cfg",
    key="id",
    all="/cluster/metrics/server",
    one="/cluster/metrics/server/{id}",
    create_at="/cluster/metrics/server/{id}",
    defined="Metric server '{name}' already exists",
    absent="status server entry '{name}' does not exist",
    absent_update="no such server '{name}'",
    absent_delete="cannot lookup undefined type! at /usr/share/perl5/PVE/API2/Cluster/MetricServer.pm line 295.",
    needed=dict.fromkeys(_KINDS, ("server", "port", "type")),
    kinds=_KINDS,
    list_only={"type": None, "server": None, "port": None, "disable": "0"},
    secret=frozenset({"token"}),
    shows_digest=False,
    check=_check_connection,
)
_section.register(SERVERS)


@answers("GET", "/cluster/metrics/export")
def export(call: Call) -> Any:
    unknown = [n for n in call.items("node-list") if n not in call.cluster.nodes]
    if unknown:
        die(f"Requested node-list contains unknown nodes - {', '.join(unknown)}")
    return {"data": []}
