"""Volume groups, thin pools, ZFS pools and directories: made of unused disks, offered as storages, taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.disks import _devices
from proxmox_mpc.simulator.answers.storage import _space
from proxmox_mpc.simulator.formats import split_list
from proxmox_mpc.simulator.state.disks import Disk, Space, find_device

_PATH = "/nodes/{node}/disks"
# How long one of these tools takes.
_TAKES_S = 3.0

# How many disks each redundancy needs (zpool; PVE refuses fewer, 9.1), and how many of them hold no data of their own.
_LEAST = {"single": 1, "mirror": 2, "raid10": 4, "raidz": 3, "raidz2": 4, "raidz3": 5, "draid": 3, "draid2": 4,
          "draid3": 5}  # fmt: skip
_PARITY = {"raidz": 1, "raidz2": 2, "raidz3": 3, "draid": 1, "draid2": 2, "draid3": 3}


@dataclass(frozen=True)
class Kind:
    """One kind of space: what its tasks are called, its definition as a storage, and the words for one that exists
    and for one that does not."""

    name: str
    task: str
    storage: Callable[[str], Mapping[str, str]]
    exists: str
    absent: str


KINDS = (
    Kind("lvm", "lvm", lambda n: {"type": "lvm", "vgname": n, "content": "images,rootdir"},
         "volume group with name '{name}' already exists on node '{node}'", 'Volume group "{name}" not found'),
    Kind("lvmthin", "lvmthin", lambda n: {"type": "lvmthin", "thinpool": n, "vgname": n, "content": "images,rootdir"},
         "volume group with name '{name}' already exists on node '{node}'",
         'Failed to find logical volume "{group}/{name}"'),
    Kind("zfs", "zfs", lambda n: {"type": "zfspool", "pool": n, "content": "images,rootdir"},
         "pool '{name}' already exists on node '{node}'", "cannot open '{name}': no such pool"),
    Kind("directory", "dir",
         lambda n: {"type": "dir", "path": f"/mnt/pve/{n}", "is_mountpoint": "1",
                    "content": "images,rootdir,vztmpl,iso,backup,snippets"},
         "a mount unit for '/mnt/pve/{name}' already exists on node '{node}'",
         "there is no mount unit for '/mnt/pve/{name}' on this node"),
)  # fmt: skip


def zfs_size(level: str, disks: list[Disk]) -> int:
    """Bytes that a pool of these disks offers."""
    least = min(disk.size for disk in disks)
    if level == "mirror":
        return least
    if level == "raid10":
        return least * (len(disks) // 2)
    return least * (len(disks) - _PARITY[level]) if level in _PARITY else sum(disk.size for disk in disks)


def _check_level(level: str, count: int) -> None:
    if level == "single" and count > 1:
        die("a single disk is wanted: use mirror, raid10 or raidz for several")
    if count < _LEAST[level]:
        die(f"{level} needs at least {_LEAST[level]} disks")
    if level == "raid10" and count % 2:
        die("raid10 needs an even number of disks")


def _check_name(call: Call, kind: Kind, name: str) -> None:
    groups = ("lvm",) if kind.name == "lvmthin" else (kind.name,)
    if any(s.kind in groups and s.name == name for s in call.node.spaces):
        die(kind.exists.format(name=name, node=call.node.name))
    if not call.flag("add_storage"):
        return
    known, wanted = call.cluster.storages.get(name), kind.storage(name)
    if known is not None and any(known.get(key) != value for key, value in wanted.items() if key != "content"):
        die(f"storage ID '{name}' is already defined, and is something else")
    if known is not None and call.cluster.is_on(name, call.node.name):
        die(f"storage ID '{name}' is already defined on node '{call.node.name}'")


def _offer(call: Call, kind: Kind, name: str) -> None:
    """Define the storage on this node, or let one of the same kind on other nodes be here too."""
    storages, node = call.cluster.storages, call.node.name
    definition = storages.setdefault(name, {**kind.storage(name), "nodes": ""})
    definition["nodes"] = ",".join(sorted({*split_list(definition.get("nodes", "")), node}))


def _withdraw(call: Call, kind: Kind, space: Space) -> None:
    """No storage of this node is on the space any more; one that is nowhere else goes."""
    node, cluster = call.node.name, call.cluster
    for name in [n for n, d in cluster.storages.items() if _space.is_on_space(d, space)]:
        nodes = split_list(cluster.storages[name].get("nodes", "")) or list(cluster.nodes)
        if left := [n for n in nodes if n != node]:
            cluster.storages[name]["nodes"] = ",".join(left)
        else:
            del cluster.storages[name]
            cluster.volumes.pop(name, None)


def _build(call: Call, kind: Kind, name: str, paths: list[str]) -> None:
    node = call.node
    disks = [_devices.device(call, path) for path in paths]
    if kind.name == "directory":
        disk, one = disks[0]
        label = call.text("filesystem", "ext4")
        one = _devices.add_partition(disk, label) if one is disk else one
        one.label = label
        node.spaces.append(Space("directory", name, [one.path], one.size))
        return
    label = "ZFS" if kind.name == "zfs" else "LVM"
    for _, one in disks:
        one.label = label
    size = sum(one.size for _, one in disks)
    if kind.name == "zfs":
        level = call.text("raidlevel")
        node.spaces.append(Space("zfs", name, paths, zfs_size(level, [d for d, _ in disks]), level=level))
        return
    node.spaces.append(Space("lvm", name, paths, size))
    if kind.name == "lvmthin":
        # The pool's own bookkeeping takes two hundredths of the group (PVE's lvmthin, 9.1).
        node.spaces.append(Space("lvmthin", name, [], size * 98 // 100, group=name))


def _register(kind: Kind) -> None:
    @answers("POST", f"{_PATH}/{kind.name}")
    def create(call: Call) -> str:
        name = call.text("name")
        paths = split_list(call.text("devices" if kind.name == "zfs" else "device"))
        _devices.check_unused(call, paths)
        if len(set(paths)) != len(paths):
            die("a disk is named twice")
        if not paths:
            die("not a valid block device")
        if kind.name == "zfs":
            _check_level(call.text("raidlevel"), len(paths))
        _check_name(call, kind, name)

        async def work(work: Work) -> None:
            # The disks may be gone to another task meanwhile.
            _devices.check_unused(call, paths)
            work.log(f"# create {kind.name} '{name}' on {' '.join(paths)}")
            await work.takes(_TAKES_S)
            _build(call, kind, name, paths)
            if call.flag("add_storage"):
                _offer(call, kind, name)

        return call.fork(f"{kind.task}create", name, work)

    @answers("DELETE", f"{_PATH}/{kind.name}/{{name}}")
    def delete(call: Call) -> str:
        name, node = call.text("name"), call.node

        async def work(work: Work) -> None:
            space = _existing(call, kind, name)
            await work.takes(_TAKES_S)
            _check_free(call, space)
            group = next((s for s in node.spaces if s.kind == "lvm" and s.name == space.group), None)
            cleaned = list(space.devices)
            node.spaces.remove(space)
            if group is not None and call.flag("cleanup-disks"):
                node.spaces.remove(group)
                cleaned = list(group.devices)
            _forget_volumes(call, space)
            if call.flag("cleanup-config"):
                _withdraw(call, kind, space)
            if call.flag("cleanup-disks"):
                for path in cleaned:
                    _wipe(call, work, path)

        return call.fork(f"{kind.task}remove", name, work)


def _existing(call: Call, kind: Kind, name: str) -> Space:
    group = call.text("volume-group")
    found = (s for s in call.node.spaces if s.kind == kind.name and s.name == name and s.group == group)
    space = next(found, None)
    if space is None:
        die(kind.absent.format(name=name, group=group))
    return space


def _check_free(call: Call, space: Space) -> None:
    """The operating system's own group cannot go while it runs."""
    if space.taken:
        die(f"Logical volume {space.name}/root contains a filesystem in use.")


def _forget_volumes(call: Call, space: Space) -> None:
    for name, definition in call.cluster.storages.items():
        if _space.is_on_space(definition, space):
            call.cluster.shelf(name, call.node.name).clear()


def _wipe(call: Call, work: Work, path: str) -> None:
    """Wipe a device; of a disk whose only partition it is, the disk."""
    found = find_device(call.node.disks, path)
    if found is None:
        return
    disk, one = found
    target = disk.path if len(disk.partitions) == 1 and one is not disk else path
    work.log(f"wiping block device {target}")
    _devices.wipe(call.node, target)


for _kind in KINDS:
    _register(_kind)
