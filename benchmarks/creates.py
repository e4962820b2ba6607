"""Claim: applying 200 new VMs, journalled and marked, keeps the cluster at least 90 % as busy as bare requests that
create them as fast as its nodes take them: from the first creation that is accepted to the last VM that is done.
Ansible's module makes a few, for comparison."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import _ansible
from benchmarks._measure import Figure, Place, cli, cluster, place

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
            floor = _spread(here, reach, [sys.executable, "-u", str(BARE), str(here.folder / "asked.json")])
        with cluster(here, "--http", *AS_ON_HARDWARE) as reach:
            here.run(cli("plan", "-f", "fleet.yaml"), reach)  # the store is made, as it is on any machine but a new one
            apply = _spread(here, reach, cli("apply", "-f", "fleet.yaml"))
        ansible = _ansible.create(here, FEW, *AS_ON_HARDWARE)
    share = apply.creating_s / floor.creating_s
    return [
        Figure("floor: bare requests, from the first to the last", floor.creating_s, "s"),
        Figure("apply, from the first creation to the last", apply.creating_s, "s"),
        Figure("throughput of the floor, in multiples of the apply's", share, "x", 1 / LEAST),
        Figure("bare requests, the whole command", floor.wall_s, "s"),
        Figure("apply, the whole command with plan and history", apply.wall_s, "s"),
        Figure("apply, per VM", apply.wall_s / COUNT * 1000, "ms"),
        *_ansible.figures(f"ansible, {FEW} VMs, per VM", ansible, FEW),
    ]


@dataclass(frozen=True)
class Spread:
    """How long a command took, and how much of it lay between the first line about a creation and the last."""

    wall_s: float
    creating_s: float


def _spread(here: Place, reach: dict[str, str], command: list[str]) -> Spread:
    """Run a command that says on stderr when a creation is accepted, and when it is done."""
    began, said = time.perf_counter(), list[float]()
    environment = {**here.env, **reach}
    with subprocess.Popen(
        command, env=environment, cwd=here.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        for line in child.stderr:
            if "create" in line:
                said.append(time.perf_counter())
    wall = time.perf_counter() - began
    if child.returncode or len(said) != 2 * COUNT:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode} after {len(said)} lines")
    return Spread(wall, said[-1] - said[0])
