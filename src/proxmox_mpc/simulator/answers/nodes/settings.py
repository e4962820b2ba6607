"""Small settings and graphs of a node: DNS, batches of calls, time series."""

from __future__ import annotations

import inspect
import json
from typing import Any

from proxmox_mpc.simulator import _permissions
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest, _vitals
from proxmox_mpc.simulator.answers.nodes import _load
from proxmox_mpc.simulator.answers.storage import _space

# Points of a graph, and seconds between them, by time frame.
_STEPS = {"hour": 60, "day": 1800, "week": 3600, "month": 21_600, "year": 604_800, "decade": 604_800}
_POINTS = {"hour": 60, "decade": 570}


@answers("GET", "/nodes/{node}/dns")
def dns(call: Call) -> Any:
    return {
        "dns1": "192.0.2.53",
        **{k: v for k, v in call.node.settings.items() if k.startswith("dns") or k == "search"},
    }


@answers("PUT", "/nodes/{node}/dns")
def set_dns(call: Call) -> None:
    for key in ("dns1", "dns2", "dns3", "search"):
        call.node.settings.pop(key, None)
    call.node.settings.update(call.given(("dns1", "dns2", "dns3", "search")))


def _series(call: Call, point: dict[str, Any]) -> list[dict[str, Any]]:
    frame = call.text("timeframe")
    step, count = _STEPS[frame], _POINTS.get(frame, 70)
    last = int(call.cluster.now()) // step * step
    # Nothing was measured before the simulator started, and flat lines are honest about the rest.
    return [{"time": last - step * (count - 1 - i), **point} for i in range(count)]


@answers("GET", "/nodes/{node}/rrddata")
def node_graph(call: Call) -> Any:
    usage = _load.usage(call.cluster, call.node, _load.running(call.cluster)[call.node.name])
    point = {
        "cpu": usage["cpu"], "maxcpu": usage["maxcpu"], "loadavg": usage["cpu"] * usage["maxcpu"], "iowait": 0,
        "memtotal": usage["maxmem"], "memused": usage["mem"], "memavailable": usage["maxmem"] - usage["mem"],
        "swaptotal": 0, "swapused": 0, "roottotal": usage["maxdisk"], "rootused": usage["disk"], "netin": 0,
        "netout": 0, "arcsize": 0,
    }  # fmt: skip
    names = ("cpusome", "iosome", "iofull", "memorysome", "memoryfull")
    return _series(call, {**point, **({f"pressure{n}": 0 for n in names} if call.cluster.version == "9.1" else {})})


@answers("GET", "/nodes/{node}/storage/{storage}/rrddata")
def storage_graph(call: Call) -> Any:
    call.cluster.storage(call.text("storage"))
    space = _space.space(call.cluster, call.text("storage"), call.node)
    return _series(call, {"total": space.total, "used": space.used})


@answers("GET", "/nodes/{node}/qemu/{vmid}/rrddata", "/nodes/{node}/lxc/{vmid}/rrddata")
def guest_graph(call: Call) -> Any:
    guest = _guest.of(call)
    load = _vitals.load(guest, call.cluster.now())
    return _series(
        call,
        {
            "cpu": load["cpu"], "maxcpu": _vitals.cores(guest, call.cluster), "mem": load["mem"],
            "maxmem": _vitals.memory(guest), "disk": 0, "maxdisk": _vitals.disk(guest), "diskread": 0, "diskwrite": 0,
            "netin": 0, "netout": 0,
        },
    )  # fmt: skip


@answers("POST", "/nodes/{node}/execute")
async def execute(call: Call) -> Any:
    """Several calls of this node in one; each has its own status."""
    return [await _one(call, command) for command in json.loads(call.text("commands"))]


async def _one(call: Call, command: dict[str, Any]) -> dict[str, Any]:
    below = f"nodes/{call.node.name}/{command['path'].lstrip('/')}"
    found = call.routes.find(command["method"], f"/{below}")
    if found is None or found[0].answer is None:
        return {"status": 500, "message": f"no handler for '{below}'\n"}
    inner = Call(call.cluster, call.routes, found[0], {**command.get("args", {}), **found[1]}, call.user)
    try:
        _permissions.check_method(inner)
        data = found[0].answer(inner)
        return {"status": 200, "data": await data if inspect.isawaitable(data) else data}
    except ApiError as error:
        return {"status": error.status, "message": error.message}
