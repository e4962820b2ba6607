"""/cluster/sdn: the index, apply, rollback, the lock and the dry run."""

from __future__ import annotations

import difflib
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.sdn import _lock, _views, controllers, fabrics, subnets, vnets, zones
from proxmox_mpc.simulator.answers.sections._section import Section

# What an apply puts into the running configuration; address books and name servers count at once.
FILES = [
    c.file for c in (zones.ZONES, vnets.VNETS, subnets.SUBNETS, controllers.CONTROLLERS, fabrics.FABRICS, fabrics.NODES)
]
_RELOAD_S = 3.0


@answers("GET", "/cluster/sdn")
def index(call: Call) -> Any:
    return [{"id": name} for name in ("vnets", "zones", "controllers", "ipams", "dns", "fabrics")]


@answers("PUT", "/cluster/sdn")
def apply(call: Call) -> str:
    _lock.check(call, "could not commit SDN config: ")
    _views.commit(call, FILES)
    _release_if_asked(call)
    nodes = list(call.cluster.nodes)

    async def reload(work: Work) -> None:
        for node in nodes:
            work.log(f"{node}: reloading network config")
            await work.takes(_RELOAD_S)

    return call.fork("reloadnetworkall", "", reload)


def _release_if_asked(call: Call) -> None:
    """The schema says that the lock is released by default, but PVE reads what was sent and nothing else."""
    if call.text("lock-token") and call.flag("release-lock"):
        _lock.release(call)


@answers("POST", "/cluster/sdn/rollback")
def rollback(call: Call) -> None:
    _lock.check(call, "could not rollback SDN config: ")
    _views.rollback(call, FILES)
    _release_if_asked(call)


@answers("POST", "/cluster/sdn/lock")
def lock(call: Call) -> str:
    """Answers the token."""
    prefix = "could not acquire lock for SDN config: "
    _lock.check(call, prefix)
    if not call.flag("allow-pending") and _views.is_pending(call, FILES):
        die(f"{prefix}configuration has pending changes at /usr/share/perl5/PVE/API2/Network/SDN.pm line 152.")
    return _lock.take(call)


@answers("DELETE", "/cluster/sdn/lock")
def unlock(call: Call) -> None:
    if not call.flag("force"):
        _lock.check(call, "could not release lock: ")
    _lock.release(call)


def _interfaces(networks: dict[str, Section], places: dict[str, Section], ranges: dict[str, Section]) -> list[str]:
    """The bridges of the networks as lines of /etc/network/interfaces.d/sdn."""
    lines: list[str] = []
    for name, network in sorted(networks.items()):
        zone = places.get(network["zone"], {})
        lines += ["", f"auto {name}", f"iface {name}"]
        for subnet, settings in sorted(ranges.items()):
            if settings["vnet"] == name and "gateway" in settings:
                lines.append(f"\taddress {settings['gateway']}/{subnets.cidr_of(subnet)[2]}")
        lines += ["\tbridge_ports none", "\tbridge_stp off", "\tbridge_fd 0"]
        lines += [f"\tmtu {zone['mtu']}"] if "mtu" in zone else []
        lines += [f"\talias {network['alias']}"] if "alias" in network else []
    return lines


@answers("GET", "/cluster/sdn/dry-run")
def dry_run(call: Call) -> Any:
    files = (vnets.VNETS.file, zones.ZONES.file, subnets.SUBNETS.file)
    before = _interfaces(*(_views.running(call, f) for f in files))
    after = _interfaces(*(call.cluster.files.get(f, {}) for f in files))
    name = "/etc/network/interfaces.d/sdn"
    return {"frr-diff": "", "interfaces-diff": "\n".join(difflib.unified_diff(before, after, name, name, lineterm=""))}
