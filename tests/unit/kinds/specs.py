"""Generated specs of VMs and containers, as people could write them: with every field that a config has."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]

# What these specs refer to, for a simulated cluster that has it.
IMAGE, ISO, SCRIPT, SNIPPET = (
    "local:import/debian.qcow2",
    "local:iso/debian.iso",
    "local:snippets/hook.pl",
    "local:snippets/data.yaml",
)
SEED: dict[str, Any] = {
    "files": [{"node": "pve-node1", "volid": volid, "size": 1 << 20} for volid in (IMAGE, ISO, SCRIPT, SNIPPET)],
    "requests": [
        {
            "method": "POST",
            "path": f"/cluster/mapping/{kind}",
            "params": {"id": name, "map": [f"node=pve-node1,{where}"]},
        }
        for kind, name, where in (
            ("pci", "gpu", "path=0000:01:00.0,id=10de:1eb8"),
            ("usb", "dongle", "id=0529:0001"),
            ("dir", "media", "path=/srv/media"),
        )
    ],
}

flags = st.booleans()
names = st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True)
amounts = st.integers(1, 100_000)
sizes = st.integers(1, 64).map("{}G".format)
prose = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=20)
macs = st.lists(st.integers(0, 255), min_size=4, max_size=4).map(
    lambda parts: "BC:24:" + ":".join(f"{part:02X}" for part in parts)
)


def words(*choices: str) -> Strategy:
    return st.sampled_from(choices)


def several(*choices: str) -> Strategy:
    return st.lists(words(*choices), min_size=1, max_size=3, unique=True)


def each(strategy: Strategy, fields: str) -> dict[str, Strategy]:
    """The same for each of these fields."""
    return dict.fromkeys(fields.split(), strategy)


def some(required: dict[str, Strategy], **optional: Strategy) -> Strategy:
    return st.fixed_dictionaries(required, optional=optional)


def slotted(prefix: str, item: Strategy, most: int) -> Strategy:
    return st.lists(item, max_size=most).map(
        lambda items: [{"slot": f"{prefix}{number}", **item} for number, item in enumerate(items)]
    )


STORAGES = words("local-lvm", "local")
limits = some(
    {},
    **each(st.integers(1, 5000) | st.sampled_from([0.5, 12.25]), "mbps mbpsRd mbpsWr mbpsMax mbpsRdMax mbpsWrMax"),
    **each(amounts, "bps bpsRd bpsWr bpsMaxLength bpsRdMaxLength bpsWrMaxLength iops iopsRd iopsWr iopsMax iopsRdMax"),
    **each(amounts, "iopsWrMax iopsMaxLength iopsRdMaxLength iopsWrMaxLength"),
)
disk = some(
    {"storage": STORAGES, "size": sizes},
    **each(flags, "iothread discard ssd backup replicate shared readOnly snapshot detectZeroes scsiblock"),
    cache=words("none", "writeback", "writethrough", "unsafe", "directsync"),
    aio=words("native", "threads", "io_uring"),
    limits=limits,
    rerror=words("ignore", "report", "stop"),
    werror=words("enospc", "ignore", "report", "stop"),
    queues=st.integers(2, 8),
    serial=names,
    vendor=names,
    product=names,
    wwn=st.just("0x500507680b240001"),
)
nic = some(
    {},
    bridge=words("vmbr0", "vmbr1"),
    model=words("virtio", "e1000", "rtl8139", "vmxnet3"),
    vlan=st.integers(1, 4094),
    mac=macs,
    firewall=flags,
    linkDown=flags,
    mtu=st.integers(576, 9000),
    queues=st.integers(0, 8),
    rate=st.integers(1, 100) | st.just(0.25),
    trunks=several("10", "20-30", "5"),
).filter(bool)
addresses = some(
    {},
    ip=words("10.0.0.5/24", "dhcp"),
    gateway=st.just("10.0.0.1"),
    ip6=words("2001:db8::5/64", "auto", "dhcp"),
    gateway6=st.just("2001:db8::1"),
)
ssh_keys = st.lists(
    names.map(("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ+G0IGITH1lmi/qoMVa0BWjv08bKwuCLNFdbBWw8AoI {}").format),
    min_size=1,
    max_size=2,
)
cloud_init = some(
    {"storage": st.just("local-lvm")},
    slot=words("ide2", "ide3"),
    type=words("nocloud", "configdrive2", "opennebula"),
    user=names,
    password=names,
    sshKeys=ssh_keys,
    ipConfig=slotted("ipconfig", addresses, 2),
    nameservers=st.just(["1.1.1.1", "9.9.9.9"]),
    searchDomain=st.just("example.org"),
    custom=some({}, **each(st.just(SNIPPET), "user network vendor meta")),
    upgrade=flags,
)
cpu = some(
    {},
    cores=st.integers(1, 4),  # with two sockets as many as the simulated nodes have
    sockets=st.integers(1, 2),
    type=words("host", "kvm64", "x86-64-v2-AES"),
    flags=several("+aes", "-pcid", "+md-clear"),
    hidden=flags,
    reportedModel=st.just("kvm64"),
    hvVendorId=names,
    physBits=words("host", "40"),
    guestPhysBits=st.integers(32, 64),
    limit=st.integers(0, 4) | st.just(0.5),
    units=st.integers(1, 1000),
    vcpus=st.just(1),
    numa=flags,
    affinity=several("0-3", "8", "10"),
)
hostpci = some(
    {},
    device=words("01:00.0", "0000:02:00.1"),
    **each(flags, "pcie primaryGpu rombar legacyIgd"),
    **each(st.integers(0, 0xFFFF).map("0x{:04x}".format), "vendorId deviceId subVendorId subDeviceId"),
    romfile=st.just("vbios.bin"),
    mdev=st.just("nvidia-35"),
    driver=words("vfio", "keep"),
)
usb = some({}, device=words("spice", "1234:5678", "1-2"), usb3=flags)
devices: dict[str, Strategy] = {
    "agent": flags | some({"enabled": flags}, fstrim=flags, freeze=flags, type=words("virtio", "isa")),
    "vga": words("std", "serial0")
    | some({"type": st.just("qxl")}, memory=st.integers(16, 64), clipboard=st.just("vnc")),
    "spice": some({}, folderSharing=flags, videoStreaming=words("off", "all", "filter")),
    "serial": slotted("serial", some({"device": words("socket", "/dev/ttyS0")}), 2),
    "parallel": slotted("parallel", some({"device": words("/dev/parport0", "/dev/usb/lp0")}), 1),
    "hostpci": slotted(
        "hostpci", hostpci.map(lambda item: item if "device" in item else {**item, "mapping": "gpu"}), 2
    ),
    "usb": slotted("usb", usb.map(lambda item: item if "device" in item else {**item, "mapping": "dongle"}), 2),
    "virtiofs": slotted(
        "virtiofs",
        some(
            {"mapping": st.just("media")},
            cache=words("auto", "always", "metadata", "never"),
            **each(flags, "directIo exposeAcl exposeXattr"),
        ),
        2,
    ),
    "audio": some({"device": words("AC97", "ich9-intel-hda")}, driver=words("spice", "none")),
    "rng": some({"source": words("/dev/urandom", "/dev/hwrng")}, maxBytes=amounts, periodMs=amounts),
    "watchdog": words("i6300esb", "ib700") | some({"model": st.just("i6300esb")}, action=words("reset", "none")),
    "sharedMemory": some({"size": st.integers(1, 64)}, name=names),
}
firmware: dict[str, Strategy] = {
    "bios": words("seabios", "ovmf"),
    "efiDisk": some({"storage": STORAGES}, type=words("2m", "4m"), preEnrolledKeys=flags, msCert=words("2011", "2023")),
    "tpm": some({"storage": STORAGES}, version=words("v1.2", "v2.0")),
    "machine": words("q35", "pc", "pc-q35-9.2")
    | some({"type": st.just("q35")}, viommu=words("intel", "virtio"), awBits=st.integers(32, 64))
    | some({"type": st.just("pc")}, enableS3=flags, enableS4=flags),
    "smbios": some({}, **each(prose, "manufacturer product version serial sku family")),
    "amdSev": words("std", "es", "snp") | some({"type": st.just("es")}, **each(flags, "noDebug noKeySharing allowSmt")),
    "intelTdx": some({"type": st.just("tdx")}, attestation=flags, vsockCid=amounts, vsockPort=amounts),
    "vmgenid": words("4228460f-42d4-4619-a17e-b75f531f09f2", "0", "1"),
    "arch": st.just("x86_64"),
    "ostype": words("l26", "win11", "other", "w2k8"),
    "scsihw": words("lsi", "virtio-scsi-single", "pvscsi"),
}
rest: dict[str, Strategy] = {
    **each(flags, "onboot autostart reboot freeze protection tablet acpi kvm localtime timeDriftFix allowKsm"),
    "keepHugepages": flags,
    "hugepages": words("any", "2", "1024"),
    "shares": st.integers(0, 50000),
    "hotplug": several("network", "disk", "usb", "cpu", "cloudinit") | st.just(["none"]) | flags,
    "keyboard": words("de", "fr", "en-us"),
    "startup": st.integers(0, 9) | some({"order": st.integers(0, 9)}, **each(st.integers(0, 60), "up down")),
    "startDate": words("now", "2006-06-17", "2006-06-17T16:01:21"),
    "migrateDowntime": st.integers(0, 9) | st.just(0.25),
    "migrateSpeed": st.integers(0, 1000),
    "vmStateStorage": STORAGES,
    "hookscript": st.just(SCRIPT),
    "args": words("-foo bar", "-device vfio-pci,host=01:00.0 -cpu host,hv_vendor_id=x"),
    "tags": st.lists(names, max_size=3),
    "description": st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), max_size=40),
}
# Parts that only some buses have.
ONLY_SCSI = ("scsiblock", "vendor", "product", "queues", "readOnly", "iothread")


def possible(spec: dict[str, Any]) -> dict[str, Any]:
    """The spec without what PVE would refuse, or could not start."""
    if spec.get("cpu", {}).get("numa"):
        spec["memory"] = 512
        spec["numaNodes"] = [{"slot": "numa0", "cpus": ["0", "2-3"], "memory": 512, "hostNodes": [0], "policy": "bind"}]
    else:
        spec.pop("hugepages", None)
    if "efiDisk" in spec:
        spec["bios"] = "ovmf"
    if "amdSev" in spec:
        spec.pop("intelTdx", None)
    if any(item.get("pcie") for item in spec.get("hostpci", ())):
        spec["machine"] = "q35"
    for item in spec.get("disks", ()):
        for name in () if item["slot"].startswith("scsi") else ONLY_SCSI:
            item.pop(name, None)
    for item in spec.get("cloudInit", {}).get("ipConfig", ()):
        for name in ("gateway", "gateway6"):
            if name.replace("gateway", "ip") not in item:
                item.pop(name, None)
    if not spec.get("networks"):
        spec.pop("bootOrder", None)
    return spec


vm = some(
    {},
    cpu=cpu,
    memory=st.integers(16, 8192) | st.sampled_from(["1G", "512M"]),
    balloon=st.integers(0, 16),
    disks=slotted("scsi", disk, 3) | slotted("sata", disk, 2),
    cdrom=slotted("ide", words(ISO, "none", "cdrom").map(lambda iso: {"iso": iso}), 2),
    networks=slotted("net", nic, 3),
    cloudInit=cloud_init,
    bootOrder=st.just(["net0"]),
    **devices,
    **firmware,
    **rest,
).map(possible)
container_nic = some(
    {"bridge": st.just("vmbr0")},
    ip=words("dhcp", "manual", "10.0.0.7/24"),
    ip6=words("auto", "dhcp", "2001:db8::7/64"),
    gateway=st.just("10.0.0.1"),
    gateway6=st.just("2001:db8::1"),
    vlan=st.integers(1, 4094),
    mac=macs,
    rate=st.integers(1, 100),
    mtu=st.integers(64, 9000),
    trunks=several("5", "6", "17"),
    type=st.just("veth"),
    **each(flags, "firewall linkDown hostManaged"),
)
mount = some(
    {"storage": st.just("local-lvm"), "size": sizes},
    **each(flags, "acl quota replicate backup readOnly shared keepAttrs"),
    mountOptions=several("noatime", "discard", "nosuid"),
)
container = some(
    {
        "ostemplate": st.just("local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"),
        "rootfs": some(
            {"storage": st.just("local-lvm"), "size": sizes},
            **each(flags, "acl quota replicate shared"),
            mountOptions=several("noatime", "discard"),
        ),
    },
    memory=st.integers(64, 4096),
    swap=st.integers(0, 1024),
    cpu=some({}, cores=st.integers(1, 8), units=st.integers(10, 100), limit=st.integers(0, 8)),
    unprivileged=flags,
    networks=slotted("net", container_nic, 2).map(
        lambda nics: [{**nic, "name": f"eth{number}"} for number, nic in enumerate(nics)]
    ),
    mounts=slotted("mp", mount, 2).map(
        lambda mounts: [{**mount, "target": f"/srv/{number}"} for number, mount in enumerate(mounts)]
    ),
    devices=slotted(
        "dev",
        some(
            {"path": words("/dev/null", "/dev/fuse")},
            mode=words("0660", "0666"),
            **each(st.integers(0, 99), "uid gid"),
            denyWrite=flags,
        ),
        2,
    ),
    features=some({}, **each(flags, "nesting keyctl fuse mknod forceRwSys"), mount=several("nfs", "cifs")),
    password=names.map("{}-long".format),
    sshKeys=ssh_keys,
    nameservers=st.just(["1.1.1.1"]),
    searchDomain=st.just("example.org"),
    **each(flags, "onboot protection console debug"),
    startup=st.integers(0, 9) | some({"order": st.integers(0, 9)}, up=st.integers(0, 60)),
    timezone=words("host", "Europe/Vienna"),
    tty=st.integers(0, 6),
    cmode=words("tty", "console", "shell"),
    entrypoint=words("/sbin/init", "/usr/bin/app --serve, now"),
    env=st.lists(words("A=1", "B=two, three", "C="), min_size=1, max_size=3, unique=True),
    hookscript=st.just(SCRIPT),
    ostype=words("debian", "alpine", "unmanaged"),
    arch=words("amd64", "arm64"),
    tags=st.lists(names, max_size=3),
    description=st.text(st.characters(codec="utf-8", categories=["L", "N"]), max_size=40),
)
