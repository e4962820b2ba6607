"""Ansible with community.proxmox, as people run it: a playbook over a network, against the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml


def play(greeting: dict[str, Any], folder: Path, tasks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Run the tasks in one playbook; answers each task's result by its name."""
    user, _, rest = greeting["token"].partition("!")
    name, _, secret = rest.partition("=")
    host, _, port = greeting["url"].removeprefix("https://").partition(":")
    access = {
        "api_host": host,
        "api_port": int(port),
        "api_user": user,
        "api_token_id": name,
        "api_token_secret": secret,
        "validate_certs": False,
    }
    for task in tasks:
        module = next(key for key in task if key.startswith("community.proxmox."))
        task[module] = {**access, **task[module]}
    book = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
    path = folder / "play.yml"
    path.write_text(yaml.safe_dump(book))
    environment = {
        **os.environ,
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "PYTHONWARNINGS": "ignore",
    }
    command = [str(Path(sys.executable).with_name("ansible-playbook")), str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    results = json.loads(done.stdout)["plays"][0]["tasks"]
    found = {t["task"]["name"]: t["hosts"]["localhost"] for t in results}
    assert done.returncode == 0, json.dumps(found, indent=1)
    return found


def test_life_of_a_machine(demo: dict[str, Any], tmp_path: Path) -> None:
    kvm = "community.proxmox.proxmox_kvm"
    machine = {"node": "pve-node1", "vmid": 400, "name": "by-ansible", "timeout": 20}
    disks = {"scsi": {"scsi0": "local-lvm:8"}, "net": {"net0": "virtio,bridge=vmbr0"}}
    found = play(
        demo,
        tmp_path,
        [
            {"name": "create", kvm: {**machine, **disks, "cores": 2, "memory": 2048, "state": "present"}},
            {"name": "create again", kvm: {**machine, **disks, "cores": 2, "memory": 2048, "state": "present"}},
            {"name": "start", kvm: {**machine, "state": "started"}},
            {"name": "look", "community.proxmox.proxmox_vm_info": {"vmid": 400, "config": "current"}},
            {"name": "stop", kvm: {**machine, "state": "stopped", "force": True}},
            {"name": "delete", kvm: {**machine, "state": "absent"}},
            {"name": "look again", "community.proxmox.proxmox_vm_info": {"vmid": 400}},
        ],
    )
    assert found["create"]["changed"]
    assert not found["create again"]["changed"]
    assert found["start"]["changed"]
    [row] = found["look"]["proxmox_vms"]
    assert (row["status"], row["name"], row["config"]["cores"]) == ("running", "by-ansible", 2)
    assert found["stop"]["changed"]
    assert found["delete"]["changed"]
    assert found["look again"]["proxmox_vms"] == []
