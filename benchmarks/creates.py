"""Claim: applying 200 new VMs, journalled and marked, keeps the cluster at least 90 % as busy as bare requests that
create them as fast as its nodes take them. Ansible's module makes a few, for comparison."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks import _ansible
from benchmarks._measure import Figure, cli, cluster, place

COUNT = 200
FEW = 12
"""VMs that Ansible makes: one after the other, some seconds in all."""
LEAST = 0.9
"""Throughput of the apply, as a share of the bare one's."""
AS_ON_HARDWARE = ("--time-scale", "1")
"""A creation lasts what it lasts on a real node: about 0.7 s."""
NODES = ("pve-node1", "pve-node2", "pve-node3")
BARE = Path(__file__).with_name("_creates.py")
VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: {{ name: vm-{number} }}
spec: {{ node: {node}, memory: 512, disks: [{{ storage: local-lvm, size: 1G }}], networks: [{{ bridge: vmbr0 }}] }}
"""


def measure() -> list[Figure]:
    """Make 200 VMs from nothing, by bare requests and by an apply, on a cluster each; then a few by Ansible."""
    with place() as here:
        manifests = (VM.format(number=n, node=NODES[n % len(NODES)]) for n in range(COUNT))
        (here.folder / "fleet.yaml").write_text("---\n".join(manifests))
        with cluster(here, "--http", *AS_ON_HARDWARE) as reach:
            asked = {
                "url": reach["PROXMOX_ENDPOINTS"],
                "headers": {
                    "Authorization": f"PVEAPIToken={reach['PROXMOX_TOKEN_ID']}={reach['PROXMOX_TOKEN_SECRET']}"
                },
                "nodes": NODES,
                "count": COUNT,
                "first": 20000,
            }
            (here.folder / "asked.json").write_text(json.dumps(asked))
            floor = here.run([sys.executable, str(BARE), str(here.folder / "asked.json")], reach)
        with cluster(here, "--http", *AS_ON_HARDWARE) as reach:
            here.run(cli("plan", "-f", "fleet.yaml"), reach)  # the store is made, as it is on any machine but a new one
            apply = here.run(cli("apply", "-f", "fleet.yaml"), reach)
        ansible = _ansible.create(here, FEW, *AS_ON_HARDWARE)
    return [
        Figure("floor: bare requests, wall time", floor.wall_s, "s"),
        Figure("apply, wall time", apply.wall_s, "s"),
        Figure("throughput of the floor, as a multiple of the apply's", apply.wall_s / floor.wall_s, "x", 1 / LEAST),
        Figure("apply, CPU time", apply.cpu_s, "s"),
        Figure("apply, per VM", apply.wall_s / COUNT * 1000, "ms"),
        *_ansible.figures(f"ansible, {FEW} VMs, per VM", ansible, FEW),
    ]
