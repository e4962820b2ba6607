"""Drives share the slots of four buses: none is taken for another's."""

from __future__ import annotations

from tests.lab import lab

BASE = {
    "name": "base",
    "template": 1,
    "scsi0": "local-lvm:base-9001-disk-0,size=8G",
    "scsi1": "local-lvm:vm-9001-cloudinit,media=cdrom",
    "boot": "order=scsi0",
}
WEB = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web }
spec:
  template: base
  disks: [{ storage: local-lvm, size: 8G }, { storage: local-lvm, size: 4G }]
  cdrom: [{ iso: none }]
  cloudInit: { storage: local-lvm, user: amy }
"""


async def test_new_drives_do_not_take_the_place_of_a_template_s_cloud_init_drive() -> None:
    seed = {"guests": [{"vmid": 9001, "type": "qemu", "node": "pve-node1", "config": BASE}]}
    async with lab(seed=seed) as it:
        await it.apply(WEB)
        config = await it.config("vm", "web")
        assert "cloudinit" in config["scsi1"]
        assert config["scsi2"].endswith("size=4G")
        assert config["ide2"] == "none,media=cdrom"
        assert (await it.plan(WEB)).is_empty
