"""What a Ceph cluster on the nodes remembers."""

from __future__ import annotations

from dataclasses import dataclass, field

# Ceph 19.2 "squid", as of PVE 9.1.
VERSION, RELEASE = "19.2.3", "squid"

# Of the capacity that the daemons report, this much may be used until Ceph refuses writes (its full ratio).
_FULL_RATIO = 0.95


@dataclass
class Daemon:
    """A monitor, manager or metadata server: its node, and whether somebody stopped it."""

    node: str
    is_running: bool = True


@dataclass
class Osd:
    """A daemon that keeps data: on a device of a node, `size` in bytes."""

    node: str
    device: str
    size: int
    device_class: str
    is_in: bool = True
    is_running: bool = True
    db_device: str = ""
    wal_device: str = ""
    encrypted: bool = False


@dataclass
class CephPool:
    """`settings` are those of the API, as text; `number` is Ceph's own for it. `parts` are the data and parity chunks
    of an erasure-coded pool, and empty for one that keeps whole copies."""

    number: int
    settings: dict[str, str] = field(default_factory=dict)
    parts: list[int] = field(default_factory=list)

    @property
    def copies(self) -> int:
        return int(self.settings["size"])

    @property
    def overhead(self) -> float:
        """Bytes on disks for a byte of data."""
        return sum(self.parts) / self.parts[0] if self.parts else float(self.copies)


@dataclass
class FileSystem:
    metadata_pool: str
    data_pool: str


@dataclass
class Ceph:
    """`installed` names the nodes that have the software. `conf` is the [global] section of ceph.conf, empty until
    somebody initializes it; `next_pool` is the number of the next pool."""

    installed: list[str] = field(default_factory=list)
    conf: dict[str, str] = field(default_factory=dict)
    monitors: dict[str, Daemon] = field(default_factory=dict)
    managers: dict[str, Daemon] = field(default_factory=dict)
    metadata_servers: dict[str, Daemon] = field(default_factory=dict)
    osds: dict[int, Osd] = field(default_factory=dict)
    pools: dict[str, CephPool] = field(default_factory=dict)
    filesystems: dict[str, FileSystem] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    next_pool: int = 1

    @property
    def total(self) -> int:
        """Bytes on all disks that take part."""
        return sum(osd.size for osd in self.osds.values() if osd.is_in)

    def room(self, pool: CephPool, used: int) -> int:
        """Bytes of data that still fit into a pool when `used` bytes of the disks are taken."""
        return int(max(0, self.total * _FULL_RATIO - used) / pool.overhead)

    def add_pool(self, name: str, settings: dict[str, str], parts: list[int] | None = None) -> None:
        self.pools[name] = CephPool(self.next_pool, settings, parts or [])
        self.next_pool += 1

    def forget_node(self, name: str) -> None:
        """A node left for good, with all that it carried."""
        self.installed = [node for node in self.installed if node != name]
        for kept in (self.monitors, self.managers, self.metadata_servers):
            for key in [key for key, daemon in kept.items() if daemon.node == name]:
                del kept[key]
        self.osds = {number: osd for number, osd in self.osds.items() if osd.node != name}
