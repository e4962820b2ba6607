"""What the plan says of a change is what PVE makes of it: every parameter of both guest types, held against /pending."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._options import CONTROL
from proxmox_mpc.kinds._qemu import impacts as qemu
from proxmox_mpc.kinds._verdict import Edit
from proxmox_mpc.kinds.container import impacts as lxc
from proxmox_mpc.pve import Facts, PveError
from tests.lab import Lab, lab

VERSIONS = ("9.1", "8.4")
HOTPLUG = {"default": None, "none": "0", "all": "network,disk,usb,memory,cpu,cloudinit"}
DISK = "local-lvm:vm-{vmid}-disk-9"
MAC, OTHER_MAC = "BC:24:11:00:01:01", "BC:24:11:00:01:02"

# Two values of every parameter that has no enumeration; several pairs where its parts fare differently.
QEMU: dict[str, tuple[str, ...]] = {
    "affinity": ("0", "1"),
    "agent": ("1", "0", "1,fstrim_cloned_disks=1", "1,type=isa"),
    "allow-ksm": ("0", "1"),
    "amd-sev": ("type=std", "type=es"),
    "args": ("-smp 1", "-smp 2"),
    "audio0": ("device=AC97", "device=intel-hda"),
    "balloon": ("256", "300", "0"),
    "boot": ("order=net9", "order=net8"),
    "bootdisk": ("scsi0", "scsi1"),
    "cicustom": ("user=local:snippets/a.yaml", "user=local:snippets/b.yaml"),
    "cipassword": ("secret-1", "secret-2"),
    "ciuser": ("amy", "bob"),
    "cores": ("2", "3"),
    "cpu": ("host", "kvm64,flags=+aes"),
    "cpulimit": ("1", "1.5"),
    "cpuunits": ("100", "200"),
    "description": ("one", "two"),
    "efidisk0": (f"{DISK},size=4M", "local-lvm:1"),
    "hookscript": ("local:snippets/a.pl", "local:snippets/b.pl"),
    "hostpci0": ("0000:01:00.0", "0000:02:00.0"),
    "hotplug": ("disk", "disk,network", "network,cpu", "memory"),
    "ide0": (f"{DISK},size=1G", f"{DISK},mbps=9,size=1G", f"{DISK},cache=none,size=1G", "local-lvm:1"),
    "intel-tdx": ("type=tdx", "type=tdx,attestation=0"),
    "ipconfig0": ("ip=dhcp", "ip=10.0.0.2/24"),
    "ivshmem": ("size=1", "size=2"),
    "machine": ("q35", "pc"),
    "memory": ("2048", "4096", "512"),
    "migrate_downtime": ("1", "2"),
    "migrate_speed": ("1", "2"),
    "name": ("one", "two"),
    "nameserver": ("10.0.0.1", "10.0.0.2"),
    "net0": (
        f"virtio={MAC},bridge=vmbr0",
        f"virtio={MAC},bridge=vmbr0,tag=5,rate=3,firewall=1,link_down=1,trunks=4",
        f"virtio={MAC},bridge=vmbr0,mtu=1400",
        f"virtio={MAC},bridge=vmbr0,queues=2",
        f"virtio={OTHER_MAC},bridge=vmbr0",
        f"e1000={MAC},bridge=vmbr0",
        f"virtio={MAC}",
    ),
    "numa0": ("cpus=0,memory=1024", "cpus=0,memory=512"),
    "parallel0": ("/dev/parport0", "/dev/parport1"),
    "rng0": ("source=/dev/urandom", "source=/dev/random"),
    "sata0": (f"{DISK},size=1G", f"{DISK},backup=0,size=1G", f"{DISK},size=1G,ssd=1", "local-lvm:1"),
    "scsi0": (
        f"{DISK},size=1G",
        f"{DISK},iops=9,backup=0,size=1G",
        f"{DISK},serial=x,size=1G",
        *(f"{DISK},{part},size=1G" for part in ("iothread=1", "discard=on", "aio=native", "ro=1", "ssd=1")),
        "local-lvm:1",
    ),
    "scsi7": ("none,media=cdrom", "local:iso/a.iso,media=cdrom"),
    "ide2": ("none,media=cdrom", "local:iso/a.iso,media=cdrom", "local-lvm:cloudinit,media=cdrom"),
    "searchdomain": ("one.example", "two.example"),
    "serial0": ("socket", "/dev/ttyS0"),
    "shares": ("1", "2"),
    "smbios1": ("uuid=00000000-0000-0000-0000-000000000001", "uuid=00000000-0000-0000-0000-000000000002"),
    "sockets": ("2", "3"),
    "smp": ("2", "3"),
    "spice_enhancements": ("foldersharing=1", "videostreaming=all"),
    "sshkeys": ("ssh-ed25519%20{key}%20a", "ssh-ed25519%20{key}%20b"),
    "startdate": ("now", "2006-06-17"),
    "startup": ("order=1", "order=2"),
    "tags": ("a", "b"),
    "tpmstate0": (f"{DISK},size=4M,version=v2.0", "local-lvm:1,version=v2.0"),
    "unused0": (DISK, "local-lvm:vm-{vmid}-disk-8"),
    "usb0": ("host=spice", "host=spice,usb3=1"),
    "vcpus": ("1", "2"),
    "vga": ("std", "qxl"),
    "virtio0": (f"{DISK},size=1G", f"{DISK},mbps_rd=9,size=1G", f"{DISK},cache=none,size=1G", "local-lvm:1"),
    "virtiofs0": ("dirid=media", "dirid=media,cache=never"),
    "vmgenid": ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
    "vmstatestorage": ("local", "local-lvm"),
    "watchdog": ("model=i6300esb", "model=ib700"),
}
LXC: dict[str, tuple[str, ...]] = {
    "cores": ("1", "2"),
    "cpulimit": ("1", "2"),
    "cpuunits": ("100", "200"),
    "description": ("one", "two"),
    "dev0": ("/dev/null", "/dev/zero"),
    "entrypoint": ("/sbin/init", "/bin/sh"),
    "env": ("A=1", "A=2"),
    "features": ("nesting=1", "nesting=1,keyctl=1"),
    "hookscript": ("local:snippets/a.pl", "local:snippets/b.pl"),
    "hostname": ("one", "two"),
    "memory": ("256", "300"),
    "mp0": (f"{DISK},mp=/a,size=1G", f"{DISK},mp=/b,size=1G", "local-lvm:1,mp=/a"),
    "nameserver": ("10.0.0.1", "10.0.0.2"),
    "net0": (
        f"name=eth0,bridge=vmbr0,hwaddr={MAC}",
        f"name=eth0,bridge=vmbr0,hwaddr={MAC},tag=5,ip=dhcp",
        f"name=eth1,bridge=vmbr0,hwaddr={OTHER_MAC}",
    ),
    "net11": (f"name=eth5,bridge=vmbr0,hwaddr={MAC}", f"name=eth5,bridge=vmbr0,hwaddr={MAC},tag=5"),
    "rootfs": (f"{DISK},size=1G", f"{DISK},size=1G,quota=1"),
    "searchdomain": ("one.example", "two.example"),
    "startup": ("order=1", "order=2"),
    "swap": ("256", "300"),
    "tags": ("a", "b"),
    "timezone": ("host", "Europe/Vienna"),
    "tty": ("1", "3"),
    "unused0": (DISK, "local-lvm:vm-{vmid}-disk-8"),
}
BASE = {
    "qemu": {
        "memory": "1024",
        "numa": "1",
        "ostype": "l26",
        "cores": "4",
        "serial3": "socket",
        "net9": "virtio=BC:24:11:00:01:09,bridge=vmbr0",
        "net8": "virtio=BC:24:11:00:01:08,bridge=vmbr0",
        "boot": "order=net9",
    },
    "lxc": {"rootfs": "local-lvm:vm-{vmid}-disk-0,size=1G", "arch": "amd64", "ostype": "debian", "memory": "128"},
}
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIJ3nJ4kz9Q4JYk9N8j4q1Y2m2m3X0m0yS9yX4aYk7l5v"

FILES = [{"volid": f"local:snippets/{name}.pl"} for name in "ab"]

# Changes that the API refuses, and why.
REFUSED = {
    "qemu": {
        "lock": {"VM is locked (backup)", "VM is locked (clone)"},
    },
    "lxc": {
        "arch": {"unable to delete required option 'arch'"},
        "lock": {"CT is locked (backup)", "CT is locked (create)"},
        "memory": {"unable to delete required option 'memory'"},
        "ostype": {"unable to delete required option 'ostype'"},
        "rootfs": {"unable to delete required option 'rootfs'"},
        "swap": {"unable to delete required option 'swap'"},
        "unprivileged": {
            "unable to delete read-only option: 'unprivileged'",
            "unable to modify read-only option: 'unprivileged'",
        },
    },
}


def keys(version: str, kind: str) -> list[str]:
    """Every parameter that is configuration; of those with an index one, and more where they fare differently."""
    method = Facts.load(version).method("PUT", f"/nodes/{{node}}/{kind}/{{vmid}}/config")
    assert method is not None
    listed = {
        name.replace("[n]", "0")
        for name in method.parameters
        if name not in CONTROL - {"name", "hostname", "lock", "template"}
    }
    more = {"qemu": {"scsi7", "ide2"}, "lxc": {"net11"}}[kind]
    return sorted(listed - {"cdrom"} | more)


def values(version: str, kind: str, key: str) -> tuple[str, ...]:
    own = (QEMU if kind == "qemu" else LXC).get(key)
    facts = Facts.load(version).parameter("PUT", f"/nodes/{{node}}/{kind}/{{vmid}}/config", key)
    assert facts is not None, key
    if own is not None:
        return tuple(text.replace("{key}", KEY) for text in own)
    if facts.type == "boolean":
        return ("1", "0")
    assert len(facts.enum) >= 2, f"{kind} {key} needs two values"
    return tuple(map(str, facts.enum[:2]))


class Case:
    """One change of one parameter of one guest: `old` is in its config, `new` is set, or the parameter is deleted."""

    def __init__(self, vmid: int, key: str, old: str | None, new: str | None) -> None:
        self.vmid, self.key = vmid, key
        self.old, self.new = self._filled(old), self._filled(new)

    def _filled(self, text: str | None) -> str | None:
        return text and text.replace("{vmid}", str(self.vmid))

    def __str__(self) -> str:
        return f"{self.key}: {self.old} → {self.new}"

    def guest(self, kind: str, hotplug: str | None, *, running: bool) -> dict[str, Any]:
        base = {key: str(self._filled(text)) for key, text in BASE[kind].items()}
        base |= {"hotplug": hotplug} if hotplug is not None and kind == "qemu" else {}
        base |= {self.key: self.old} if self.old is not None else {}
        base = {key: text for key, text in base.items() if key != self.key or self.old is not None}
        status = "running" if running else "stopped"
        return {"vmid": self.vmid, "type": kind, "node": "pve-node1", "status": status, "config": base}


def cases(version: str, kind: str) -> list[Case]:
    """Each value from none, from the first one, and back to it; and each taken away. A disk that is not there is made."""
    found: list[Case] = []
    for key in keys(version, kind):
        first, *others = values(version, kind, key)
        fresh = [text for text in (first, *others) if DISK not in text or key == "unused0"]
        pairs = [*((None, text) for text in fresh), *((first, other) for other in others), (first, None)]
        pairs += [(other, first) for other in others if DISK not in first or DISK in other]
        found += [Case(1000 + len(found) + number, key, old, new) for number, (old, new) in enumerate(pairs)]
    return found


@dataclass(frozen=True)
class Answer:
    """What came of a change: what it was refused with, what the guest ran with before and after, and what waits."""

    refusal: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    waits: frozenset[str] = frozenset()


async def make(it: Lab, kind: str, case: Case) -> Answer:
    path, where = f"/nodes/{{node}}/{kind}/{{vmid}}", {"node": "pve-node1", "vmid": case.vmid}

    async def current() -> dict[str, str]:
        config = await it.pve.get(f"{path}/config", {**where, "current": True})
        return {key: str(text) for key, text in config.items()}

    before = await current()
    try:
        await it.pve.put(f"{path}/config", {**where, case.key: case.new} if case.new else {**where, "delete": case.key})
    except PveError as error:
        return Answer(str(error))
    rows = await it.pve.get(f"{path}/pending", where)
    waits = frozenset(row["key"] for row in rows if "pending" in row or "delete" in row)
    return Answer("", before, await current(), waits)


def promised(kind: str, edit: Edit) -> set[str]:
    """What waits for the next start, as the tables say."""
    verdict = qemu.impact(edit) if kind == "qemu" else lxc.impact(edit)
    follows = qemu.follows(edit) if kind == "qemu" else ()
    return {edit.key, *follows} if verdict.impact is Impact.PENDING else set(follows)


@pytest.mark.parametrize("hotplug", HOTPLUG)
@pytest.mark.parametrize("kind", ["qemu", "lxc"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_every_parameter_waits_or_not_as_the_table_says(version: str, kind: str, hotplug: str) -> None:
    """Set from nothing, set to something else, and deleted; of a guest that runs and of one that does not."""
    refused: dict[str, set[str]] = {}
    wrong = {}
    for running in (True, False):
        every = cases(version, kind)
        guests = [case.guest(kind, HOTPLUG[hotplug], running=running) for case in every]
        async with lab(seed={"guests": guests, "files": FILES}, pve_version=version, as_root=True) as it:
            answers = await asyncio.gather(*(make(it, kind, case) for case in every))
        for case, answer in zip(every, answers, strict=True):
            if answer.refusal:
                refused.setdefault(case.key, set()).add(answer.refusal)
                continue
            edit = Edit(case.key, answer.before.get(case.key), case.new, answer.before)
            expected = promised(kind, edit) if running else set()
            is_there = case.key in answer.after
            came = (
                is_there is (case.new is not None) if case.key not in expected else is_there is (edit.old is not None)
            )
            if answer.waits != expected or not came:
                wrong[f"{running=} {case}"] = f"said {sorted(expected)}, waits {sorted(answer.waits)}, {is_there=}"
    assert wrong == {}
    assert refused == REFUSED[kind]
