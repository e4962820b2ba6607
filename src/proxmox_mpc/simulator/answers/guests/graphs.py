"""rrd: pictures of graphs, which PVE names and does not send; the numbers are in rrddata."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.guests import _guest

_FOLDER = "/var/lib/rrdcached/db"


def _file(call: Call, place: str) -> dict[str, Any]:
    names = "_".join(call.items("ds"))
    return {"filename": f"{_FOLDER}/{place}_{names}_{call.text('timeframe')}_{call.text('cf', 'AVERAGE')}.png"}


@answers("GET", "/nodes/{node}/rrd")
def of_node(call: Call) -> Any:
    return _file(call, f"pve-node-9.0/{call.node.name}")


@answers("GET", "/nodes/{node}/storage/{storage}/rrd")
def of_storage(call: Call) -> Any:
    call.cluster.storage(call.text("storage"))
    return _file(call, f"pve-storage-9.0/{call.node.name}/{call.text('storage')}")


@answers("GET", "/nodes/{node}/qemu/{vmid}/rrd", "/nodes/{node}/lxc/{vmid}/rrd")
def of_guest(call: Call) -> Any:
    return _file(call, f"pve-vm-9.0/{_guest.of(call).vmid}")
