"""A cluster with some of everything that monitors and inventories show: three nodes, one of them down, and their guests."""

from __future__ import annotations

from typing import Any

SEED: dict[str, Any] = {
    "name": "shop",
    "nodes": [
        {"name": "alpha", "cpus": 8, "memory": 32 * 1024**3},
        {"name": "beta", "cpus": 4, "memory": 16 * 1024**3},
        {"name": "gamma", "online": False},
    ],
    "storages": [
        {"storage": "local", "type": "dir", "path": "/var/lib/vz", "content": "iso,vztmpl,backup,images"},
        {"storage": "tank", "type": "zfspool", "pool": "rpool/tank", "content": "images,rootdir", "sparse": 1},
        {"storage": "share", "type": "nfs", "server": "192.0.2.200", "export": "/share", "content": "images,backup"},
    ],
    "guests": [
        {
            "vmid": 100, "type": "qemu", "node": "alpha", "status": "running",
            "config": {
                "name": "web", "cores": 2, "memory": 2048, "tags": "prod;web", "onboot": 1, "agent": "enabled=1",
                "net0": "virtio=BC:24:11:00:01:00,bridge=vmbr0", "scsi0": "tank:vm-100-disk-0,size=4G",
                "description": "The shop's face",
            },
            "snapshots": {"before": {"name": "web", "memory": 2048}},
        },
        {
            "vmid": 101, "type": "lxc", "node": "beta", "status": "running",
            "config": {
                "hostname": "front", "memory": 512, "tags": "prod", "onboot": 0, "rootfs": "tank:subvol-101-disk-0,size=2G",
                "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:01,ip=192.0.2.50/24",
            },
        },
        {"vmid": 102, "type": "qemu", "node": "alpha", "config": {"name": "db", "lock": "backup", "memory": 1024}},
        {"vmid": 103, "type": "qemu", "node": "alpha", "status": "running", "config": {"name": "nap", "memory": 256}},
        {"vmid": 104, "type": "lxc", "node": "gamma", "config": {"hostname": "lost"}},
        {"vmid": 105, "type": "qemu", "node": "beta", "config": {"name": "mould", "template": 1}},
    ],
    "pools": [{"poolid": "front", "guests": [100, 101], "storages": ["share"]}],
    "requests": [
        {"method": "POST", "path": "/cluster/ha/resources", "params": {"sid": "vm:100", "state": "started"}},
        {"method": "POST", "path": "/cluster/backup",
         "params": {"id": "nightly", "schedule": "daily", "storage": "share", "vmid": "100,102", "enabled": "1"}},
        {"method": "POST", "path": "/cluster/replication",
         "params": {"id": "100-0", "type": "local", "target": "beta", "schedule": "*/15"}},
        {"method": "POST", "path": "/nodes/alpha/qemu/103/status/suspend"},
    ],
}  # fmt: skip
