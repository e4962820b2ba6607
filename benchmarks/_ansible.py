"""The same job done by Ansible's modules (community.proxmox), for comparison: no claim is made about it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._measure import Figure, Place

LONGEST_S = 300


def create(here: Place, count: int, *options: str) -> float | None:
    """Seconds that it takes to create so many VMs; None where Ansible is not installed."""
    with _cluster(here, *options) as access:
        return _play(here, access, [_present(f"made-{n}", 20000 + n, f"pve-node{1 + n % 3}") for n in range(count)])


def unchanged(here: Place, reach: dict[str, str], names: Sequence[str]) -> float | None:
    """Seconds that it takes to find so many VMs to be there already, on a cluster of its own."""
    del reach  # the modules speak TLS only
    with _cluster(here) as access:
        tasks = [_present(name, 20000 + n, f"pve-node{1 + n % 3}") for n, name in enumerate(names)]
        if _play(here, access, tasks) is None:
            return None
        return _play(here, access, tasks)


def figures(what: str, seconds: float | None, count: int) -> list[Figure]:
    if seconds is None:
        return [Figure(f"{what}: Ansible is not installed", 0, "-")]
    return [Figure(what, seconds / count * 1000, "ms")]


def _present(name: str, vmid: int, node: str) -> dict[str, Any]:
    arguments = {
        "node": node,
        "vmid": vmid,
        "name": name,
        "memory": 512,
        "scsi": {"scsi0": "local-lvm:1"},
        "net": {"net0": "virtio,bridge=vmbr0"},
    }
    return {"name": name, "community.proxmox.proxmox_kvm": arguments}


@contextmanager
def _cluster(here: Place, *options: str) -> Iterator[dict[str, str]]:
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--time-scale", "0", *options]
    with subprocess.Popen(command, env=here.env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            user, _, rest = ready["token"].partition("!")
            name, _, secret = rest.partition("=")
            host, _, port = ready["url"].removeprefix("https://").partition(":")
            access = {"PROXMOX_HOST": host, "PROXMOX_PORT": port, "PROXMOX_USER": user}
            yield access | {"PROXMOX_TOKEN_ID": name, "PROXMOX_TOKEN_SECRET": secret}
        finally:
            process.terminate()


def _play(here: Place, access: dict[str, str], tasks: list[dict[str, Any]]) -> float | None:
    program = Path(sys.executable).with_name("ansible-playbook")
    if not program.is_file() or importlib.util.find_spec("ansible_collections") is None:
        return None
    path = here.folder / "play.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]))
    kept = {k: v for k, v in os.environ.items() if k not in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
    quiet = {
        "ANSIBLE_HOME": str(here.folder / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "PYTHONWARNINGS": "ignore",
    }
    began = time.perf_counter()
    done = subprocess.run(
        [str(program), str(path)],
        env={**kept, **quiet, **access},
        cwd=here.folder,
        capture_output=True,
        text=True,
        timeout=LONGEST_S,
    )
    if done.returncode:
        raise RuntimeError(f"ansible-playbook ended with {done.returncode}:\n{done.stdout[-2000:]}")
    return time.perf_counter() - began
