"""/nodes and /nodes/{node}/status: hosts and how they do."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.cluster.resources import node_row
from proxmox_mpc.simulator.answers.nodes import _load
from proxmox_mpc.simulator.answers.storage import _space


@answers("GET", "/nodes")
def listing(call: Call) -> Any:
    rows, running = [], _load.running(call.cluster)
    for node in call.cluster.nodes.values():
        row = {**node_row(call.cluster, node, running[node.name]), "ssl_fingerprint": call.cluster.fingerprint}
        row.pop("cgroup-mode", None)
        if not call.may(f"/nodes/{node.name}", "Sys.Audit"):
            row = {k: row[k] for k in ("id", "node", "type", "level", "status", "ssl_fingerprint")}
        rows.append(row)
    return rows


@answers("GET", "/nodes/{node}/status")
def read(call: Call) -> Any:
    cluster, node = call.cluster, call.node
    root = _space.root_disk(cluster, node)
    guests = _load.running(cluster)[node.name]
    used, busy = _load.memory_used(cluster, node, guests), _load.cpu_used(cluster, node, guests)
    cpus = node.cpus
    return {
        "uptime": int(cluster.now() - node.booted),
        "cpu": busy,
        "wait": 0,
        "idle": 0,
        "loadavg": [f"{busy * cpus:.2f}"] * 3,
        "memory": {"total": node.memory, "used": used, "free": node.memory - used, "available": node.memory - used},
        "swap": {"total": 0, "used": 0, "free": 0},
        "rootfs": {"total": root.total, "used": root.used, "avail": root.free, "free": root.free},
        "ksm": {"shared": 0},
        "kversion": "Linux 6.17.2-1-pve #1 SMP PREEMPT_DYNAMIC PMX 6.17.2-1",
        "pveversion": f"pve-manager/{cluster.version}.7/16b139a017452f16",
        "boot-info": {"mode": "efi", "secureboot": 0},
        "current-kernel": {
            "sysname": "Linux",
            "release": "6.17.2-1-pve",
            "version": "#1 SMP PREEMPT_DYNAMIC PMX 6.17.2-1",
            "machine": "x86_64",
        },
        "cpuinfo": {
            "cpus": cpus, "cores": cpus, "sockets": 1, "model": "Simulated CPU", "mhz": "2600.000", "hvm": "1",
            "flags": "fpu vmx", "user_hz": 100, "vendor": "GenuineIntel", "family": "6",
        },
    }  # fmt: skip
