"""The inventory plugin of community.proxmox: Ansible's own list of hosts, made from the simulated cluster."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conformance import playbooks


def inventory(greeting: dict[str, Any], folder: Path, **options: Any) -> dict[str, Any]:
    """What `ansible-inventory --list` says of the cluster."""
    path = folder / "lab.proxmox.yml"
    path.write_text(yaml.safe_dump({"plugin": "community.proxmox.proxmox", "validate_certs": False, **options}))
    program = str(Path(sys.executable).with_name("ansible-inventory"))
    environment = {
        **playbooks.environment(folder),
        **playbooks.access(greeting),
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "True",
    }
    done = subprocess.run(
        [program, "-i", str(path), "--list"], env=environment, capture_output=True, text=True, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    # Texts of others' making are marked, so that Ansible does not take them for templates.
    found: dict[str, Any] = json.loads(done.stdout, object_hook=lambda made: made.get("__ansible_unsafe", made))
    return found


def members(found: dict[str, Any], group: str) -> set[str]:
    return set(found.get(group, {}).get("hosts", ()))


def test_groups(shop: dict[str, Any], tmp_path: Path) -> None:
    found = inventory(shop, tmp_path)
    assert members(found, "proxmox_nodes") == {"alpha", "beta", "gamma"}
    assert members(found, "proxmox_all_qemu") == {"web", "db", "nap"}, "without templates"
    assert members(found, "proxmox_all_lxc") == {"front"}, "what is on a node that is down cannot be asked for"
    assert members(found, "proxmox_all_running") == {"web", "front", "nap"}
    assert members(found, "proxmox_all_stopped") == {"db"}
    assert members(found, "proxmox_pool_front") == {"web", "front"}
    assert members(found, "proxmox_alpha_qemu") == {"web", "db", "nap"}
    assert members(found, "proxmox_beta_lxc") == {"front"}
    assert found["_meta"]["hostvars"]["web"] == {
        "proxmox_node": "alpha",
        "proxmox_vmid": 100,
        "proxmox_vmtype": "qemu",
    }


def test_facts_addresses_and_composed_groups(shop: dict[str, Any], tmp_path: Path) -> None:
    found = inventory(
        shop,
        tmp_path,
        want_facts=True,
        qemu_extended_statuses=True,
        want_proxmox_nodes_ansible_host=True,
        filters=["proxmox_vmid != 102"],
        groups={"faces": "'web' in (proxmox_tags_parsed | default([]))"},
        keyed_groups=[{"key": "proxmox_tags_parsed", "prefix": "tag"}],
        compose={"ansible_host": "proxmox_lxc_interfaces[1].inet | ansible.utils.ipaddr('address')"},
    )
    hosts = found["_meta"]["hostvars"]
    web, front = hosts["web"], hosts["front"]
    assert (web["proxmox_status"], web["proxmox_qmpstatus"], web["proxmox_cores"]) == ("running", "running", 2)
    assert web["proxmox_tags_parsed"] == ["prod", "web"]
    assert web["proxmox_snapshots"] == ["before"]
    assert web["proxmox_net0"] == {"virtio": "BC:24:11:00:01:00", "bridge": "vmbr0"}
    assert web["proxmox_scsi0"] == {"disk_image": "tank:vm-100-disk-0", "size": "4G"}
    assert web["proxmox_description"] == "The shop's face"
    lo, eth0 = web["proxmox_agent_interfaces"]
    assert lo == {"name": "lo", "mac-address": "00:00:00:00:00:00", "ip-addresses": ["127.0.0.1/8", "::1/128"]}
    assert eth0["mac-address"] == "bc:24:11:00:01:00"
    assert [i["name"] for i in front["proxmox_lxc_interfaces"]] == ["lo", "eth0"]
    assert front["proxmox_lxc_interfaces"][1]["inet"] == "192.0.2.50/24"
    assert hosts["alpha"]["ansible_host"] == "192.0.2.11"
    assert members(found, "proxmox_all_paused") == {"nap"}
    assert members(found, "proxmox_all_running") == {"web", "front"}
    assert "db" not in hosts
    assert members(found, "faces") == {"web"}
    assert members(found, "tag_prod") == {"web", "front"}


def test_a_wrong_token_is_an_error(shop: dict[str, Any], tmp_path: Path) -> None:
    wrong = {**shop, "token": "root@pam!proxmox-mpc=00000000-0000-0000-0000-000000000000"}
    with pytest.raises(AssertionError, match="401 Client Error"):
        inventory(wrong, tmp_path)
