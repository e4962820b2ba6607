"""Generated specs of VMs and containers, as people could write them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

sizes = st.integers(1, 64).map("{}G".format)
flags = st.booleans()
names = st.from_regex(r"[a-z][a-z0-9]{1,8}", fullmatch=True)
macs = st.lists(st.integers(0, 255), min_size=4, max_size=4).map(
    lambda parts: "BC:24:" + ":".join(f"{part:02X}" for part in parts)
)
STORAGES = st.sampled_from(["local-lvm", "local"])


def some(required: dict[str, st.SearchStrategy[Any]], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


def slotted(prefix: str, item: st.SearchStrategy[dict[str, Any]], most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(item, max_size=most).map(
        lambda items: [{"slot": f"{prefix}{number}", **item} for number, item in enumerate(items)]
    )


disk = some(
    {"storage": STORAGES, "size": sizes},
    iothread=flags,
    discard=flags,
    ssd=flags,
    backup=flags,
    cache=st.sampled_from(["none", "writeback", "writethrough"]),
    options=st.just({"iops_rd": "100"}),
)
nic = some(
    {"bridge": st.sampled_from(["vmbr0", "vmbr1"])},
    model=st.sampled_from(["virtio", "e1000", "rtl8139"]),
    vlan=st.integers(1, 4094),
    mac=macs,
    firewall=flags,
    linkDown=flags,
    mtu=st.integers(576, 9000),
)
cloud_init = some(
    {},
    storage=st.just("local-lvm"),
    user=names,
    sshKeys=st.lists(
        names.map(("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+G0IGITH1lmi/qoMVa0BWjv08bKwuCLNFdbBWw8AoI {}").format),
        min_size=1,
        max_size=2,
    ),
    ipConfig=slotted("ipconfig", some({"ip": st.just("10.0.0.5/24")}, gateway=st.just("10.0.0.1")), 2),
    nameservers=st.just(["1.1.1.1", "9.9.9.9"]),
    upgrade=flags,
)
vm = some(
    {},
    cpu=some(
        {},
        cores=st.integers(1, 8),
        sockets=st.integers(1, 2),
        type=st.sampled_from(["host", "kvm64", "x86-64-v2-AES"]),
        flags=st.just(["+aes"]),
        numa=flags,
    ),
    memory=st.integers(16, 8192) | st.sampled_from(["1G", "512M"]),
    balloon=st.integers(0, 16),
    disks=slotted("scsi", disk, 3),
    networks=slotted("net", nic, 3),
    cloudInit=cloud_init,
    agent=flags | some({"enabled": flags}, fstrim=flags, type=st.sampled_from(["virtio", "isa"])),
    bios=st.sampled_from(["seabios", "ovmf"]),
    ostype=st.sampled_from(["l26", "win11", "other"]),
    scsihw=st.sampled_from(["lsi", "virtio-scsi-single"]),
    vga=st.sampled_from(["std", "serial0"]) | some({"type": st.just("qxl")}, memory=st.integers(16, 64)),
    serial=slotted("serial", some({"device": st.just("socket")}), 1),
    onboot=flags,
    startup=st.integers(0, 9) | some({"order": st.integers(0, 9)}, up=st.integers(0, 60)),
    protection=flags,
    tablet=flags,
    tags=st.lists(names, max_size=3),
    description=st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=40),
    options=some({}, rng0=st.just("source=/dev/urandom,max_bytes=1024"), freeze=flags),
)
container = some(
    {
        "ostemplate": st.just("local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"),
        "rootfs": st.fixed_dictionaries({"storage": st.just("local-lvm"), "size": sizes}),
    },
    memory=st.integers(64, 4096),
    swap=st.integers(0, 1024),
    cpu=some({}, cores=st.integers(1, 8), units=st.integers(10, 100)),
    unprivileged=flags,
    networks=slotted("net", st.fixed_dictionaries({"bridge": st.just("vmbr0"), "ip": st.just("dhcp")}), 2).map(
        lambda nics: [{**nic, "name": f"eth{number}"} for number, nic in enumerate(nics)]
    ),
    mounts=slotted("mp", st.fixed_dictionaries({"storage": st.just("local-lvm"), "size": sizes}), 2).map(
        lambda mounts: [{**mount, "target": f"/srv/{number}"} for number, mount in enumerate(mounts)]
    ),
    features=some({}, nesting=flags),
    onboot=flags,
    tags=st.lists(names, max_size=3),
    description=st.text(st.characters(codec="utf-8", categories=["L", "N"]), max_size=40),
)
