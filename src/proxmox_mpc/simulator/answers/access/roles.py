"""/access/roles: named sets of privileges."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die, refuse
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.formats.cluster import PRIVILEGES
from proxmox_mpc.simulator.state.access import BUILTIN_ROLES


@answers("GET", "/access/roles")
def listing(call: Call) -> Any:
    builtin = BUILTIN_ROLES[call.cluster.version]
    return [
        {"roleid": name, "privs": ",".join(sorted(call.cluster.role(name) or ())), "special": int(name in builtin)}
        for name in [*builtin, *call.cluster.access.roles]
    ]


def _privileges(call: Call) -> set[str]:
    """Those that were sent. The parameter's format lets those of other versions through."""
    found = set(call.items("privs"))
    if unknown := sorted(found - PRIVILEGES[call.cluster.version]):
        refuse(privs=f"invalid format - invalid privilege '{unknown[0]}'\n")
    return found


@answers("POST", "/access/roles")
def create(call: Call) -> None:
    name = call.text("roleid")
    if name.upper().startswith("PVE"):
        refuse(roleid="cannot use role ID starting with the (case-insensitive) 'PVE' namespace")
    if call.cluster.role(name) is not None:
        die(f"create role failed: role '{name}' already exists")
    call.cluster.access.roles[name] = sorted(_privileges(call))


@answers("GET", "/access/roles/{roleid}")
def read(call: Call) -> Any:
    privileges = call.cluster.role(call.text("roleid"))
    if privileges is None:
        die(f"role '{call.text('roleid')}' does not exist")
    return dict.fromkeys(privileges, 1)


def _own(call: Call, word: str, action: str) -> list[str]:
    name = call.text("roleid")
    if name in BUILTIN_ROLES[call.cluster.version]:
        die(f"auto-generated role '{name}' cannot be {word}")
    if name not in call.cluster.access.roles:
        die(f"{action} role failed: role '{name}' does not exist")
    return call.cluster.access.roles[name]


@answers("PUT", "/access/roles/{roleid}")
def update(call: Call) -> None:
    """Without `privs` the role loses all of them, unless `append` (access-roles-crud, 9.1)."""
    before = _own(call, "modified", "update")
    kept = before if call.flag("append") else []
    call.cluster.access.roles[call.text("roleid")] = sorted({*kept, *_privileges(call)})


@answers("DELETE", "/access/roles/{roleid}")
def delete(call: Call) -> None:
    _own(call, "deleted", "delete")
    name = call.text("roleid")
    del call.cluster.access.roles[name]
    call.cluster.access.rules = [r for r in call.cluster.access.rules if r.role != name]
