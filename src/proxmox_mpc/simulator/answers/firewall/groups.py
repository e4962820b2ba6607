"""Security groups and macros: what rules can refer to, at the cluster's scope only."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.firewall import _checks, _scope
from proxmox_mpc.simulator.state.digest import digest
from proxmox_mpc.simulator.state.firewall import SecurityGroup

# What the interface shows beside a macro's name, where that is not just its name.
_MEANINGS = {
    "BGP": "Border Gateway Protocol traffic",
    "Ceph": "Ceph Storage Cluster traffic (Ceph Monitors, OSD & MDS Daemons)",
    "DNS": "Domain Name System traffic (upd and tcp)",
    "HTTP": "Hypertext Transfer Protocol (WWW)",
    "Ping": "ICMP echo request",
    "SPICEproxy": "Proxmox VE SPICE display proxy traffic",
    "SSH": "Secure shell traffic",
    "VNC": "VNC traffic for VNC display's 0 - 99",
    "Web": "WWW traffic (HTTP and HTTPS)",
}

_GROUPS = _scope.CLUSTER + "/groups"


def _digest(groups: dict[str, SecurityGroup]) -> str:
    return digest(sorted((k, repr(v)) for k, v in groups.items()))


@answers("GET", _GROUPS)
def listing(call: Call) -> Any:
    groups = _scope.of_cluster(call).groups
    made = _digest(groups)
    return [
        {"group": name, "digest": made, **({"comment": group.comment} if group.comment else {})}
        for name, group in sorted(groups.items())
    ]


@answers("POST", _GROUPS)
def create(call: Call) -> None:
    """Also renames, and changes a comment by renaming a group to itself."""
    groups, name, old = _scope.of_cluster(call).groups, call.text("group"), call.text("rename")
    if not old:
        if name in groups:
            refuse(group=f"Security group '{name}' already exists")
        groups[name] = SecurityGroup(call.text("comment"))
        return
    if old not in groups:
        refuse(group=f"Security group '{old}' does not exist")
    if name != old and name in groups:
        refuse(group=f"Security group '{name}' does already exist")
    group = groups.pop(old)
    group.comment = call.text("comment", group.comment)
    groups[name] = group
    for rule in (r for firewall in call.cluster.firewalls.values() for r in firewall.rules):
        if rule["type"] == "group" and rule["action"] == old:
            rule["action"] = name


@answers("DELETE", _GROUPS + "/{group}")
def delete(call: Call) -> None:
    groups, name = _scope.of_cluster(call).groups, call.text("group")
    if name not in groups:
        die(f"no such security group '{name}'")
    if groups[name].rules:
        die(f"Security group '{name}' is not empty")
    del groups[name]


@answers("GET", _scope.CLUSTER + "/macros")
def macros(call: Call) -> Any:
    return [{"macro": name, "descr": _MEANINGS.get(name, f"{name} traffic")} for name in sorted(_checks.MACROS)]


@answers("GET", *_scope.paths("/refs", nodes=False))
def references(call: Call) -> Any:
    """Names that a rule at this scope can use."""
    wanted = call.text("type")
    homes = [("dc", _scope.of_cluster(call))]
    if "vmid" in call.params:
        homes.append(("guest", _scope.find(call)))
    rows = []
    for scope, firewall in homes:
        for item in firewall.aliases.values() if wanted in ("", "alias") else ():
            row = {"type": "alias", "scope": scope, "name": item.name, "ref": item.name}
            rows.append({**row, "comment": item.comment} if item.comment else row)
        for name, ipset in firewall.ipsets.items() if wanted in ("", "ipset") else ():
            row = {"type": "ipset", "scope": scope, "name": name, "ref": f"+{name}"}
            rows.append({**row, "comment": ipset.comment} if ipset.comment else row)
    return rows
