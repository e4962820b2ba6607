"""The whole simulated cluster, and the few questions that every part asks it."""

from __future__ import annotations

import asyncio
import random
import secrets
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator.consoles.sessions import Sessions
from proxmox_mpc.simulator.state.access import Access
from proxmox_mpc.simulator.state.ceph import Ceph
from proxmox_mpc.simulator.state.clock import Clock, ScaledClock
from proxmox_mpc.simulator.state.disks import Disk, Space
from proxmox_mpc.simulator.state.firewall import Firewall
from proxmox_mpc.simulator.state.guest import Guest
from proxmox_mpc.simulator.state.ha import Ha
from proxmox_mpc.simulator.state.replication import ReplicationRun
from proxmox_mpc.simulator.state.schedules import Schedule
from proxmox_mpc.simulator.state.storage import FILE_TYPES, GIB, SHARED_TYPES, Name, Volume, parse_name
from proxmox_mpc.simulator.state.task import Task
from proxmox_mpc.simulator.state.tunnel import Tunnel

if TYPE_CHECKING:
    from proxmox_mpc.simulator.machines.host import Host
    from proxmox_mpc.simulator.machines.machine import Machine


@dataclass
class Node:
    """One host. Sizes in bytes; `interfaces` is /etc/network/interfaces by name, and `planned_interfaces` its successor
    that waits to be applied. `devices` and `usb` are its PCI and USB devices as the API lists them; `spaces` are built
    on its `disks`. `is_fresh`: it came up, and what starts with it did not start yet; `leaving`: it is about to reboot
    or shut down."""

    name: str
    address: str = "192.0.2.2"
    cpus: int = 8
    memory: int = 32 * GIB
    disk: int = 250 * GIB
    online: bool = True
    booted: float = 0.0
    interfaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    planned_interfaces: dict[str, dict[str, Any]] | None = None
    devices: list[dict[str, Any]] = field(default_factory=list)
    usb: list[dict[str, Any]] = field(default_factory=list)
    disks: list[Disk] = field(default_factory=list)
    spaces: list[Space] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    is_fresh: bool = False
    leaving: str = ""


@dataclass
class Pool:
    comment: str = ""
    guests: list[int] = field(default_factory=list)
    storages: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Login:
    """A log-in at an OpenID provider that somebody began, and when."""

    realm: str
    redirect: str
    nonce: str
    begun: float


@dataclass
class Cluster:
    """Everything that a cluster remembers.

    `volumes` is keyed by storage and then by place: a node's name, or "" for a shared storage. `files` holds the
    cluster's other configuration (`datacenter.cfg` and such) as sections by name; `firewalls` is keyed `cluster`,
    `node/NAME` and `guest/VMID`. `bare_guests_obey` lets a guest
    without an operating system follow an ACPI shutdown; a real one does not (vm-lifecycle, 9.1). `has_ready_token`
    asks for the token root@pam!proxmox-mpc; `container_start_log` is what the host's LXC says at every start.
    `has_ha_manager`: do the daemons run that act on HA resources? `has_journal`: do nodes keep a log?
    `has_corosync`: was a cluster made of a single node? `schedules` are the jobs' by kind and name.
    """

    name: str = "simulated"
    version: str = "9.1"
    nodes: dict[str, Node] = field(default_factory=dict)
    storages: dict[str, dict[str, str]] = field(default_factory=dict)
    volumes: dict[str, dict[str, dict[str, Volume]]] = field(default_factory=dict)
    guests: dict[int, Guest] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    access: Access = field(default_factory=Access)
    tasks: dict[str, Task] = field(default_factory=dict)
    files: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    firewalls: dict[str, Firewall] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    bare_guests_obey: bool = True
    has_ready_token: bool = True
    container_start_log: list[str] = field(default_factory=list)
    has_ha_manager: bool = True
    has_journal: bool = True
    has_corosync: bool = False
    ha: Ha = field(default_factory=Ha)
    ceph: Ceph = field(default_factory=Ceph)
    schedules: dict[str, Schedule] = field(default_factory=dict)
    replication: dict[str, ReplicationRun] = field(default_factory=dict)
    reachable: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock: Clock = ScaledClock()
        self.time_scale = 0.0
        self.resources_lag_s = 0.0
        self.fingerprint = ""
        self.certificate = ""
        self.random = random.Random()  # noqa: S311 names and addresses, not secrets
        self.running: dict[str, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._pids = 1000
        self.changed = 0
        self._next_change = asyncio.Event()
        # Set by the daemons once they run: they look again, and start something in the background.
        self.wake: Callable[[], None] = lambda: None
        self.spawn: Callable[[str, Coroutine[Any, Any, None]], None] = lambda name, work: work.close()
        # While a seed is planted, nobody is asked whether he can be reached.
        self.is_planting = False
        # Faults: none of them outlives the process.
        self.has_lost_quorum = False
        # Guests that come in from another cluster, by the socket of their tunnel.
        self.tunnels: dict[str, Tunnel] = {}
        # Log-ins that wait for their OpenID provider, by their state.
        self.logins: dict[str, Login] = {}
        # Consoles that somebody asked for; real guests by VMID, and what runs them (with `--qemu`).
        self.consoles = Sessions()
        self.machines: dict[int, Machine] = {}
        self.host: Host | None = None
        self.full_storages: set[str] = set()
        self.task_fault: Callable[[Task], str | None] = lambda task: None

    def now(self) -> float:
        return self.clock.now()

    def reaches(self, host: str) -> bool:
        """Does a service outside answer to the cluster? Those that the seed names do."""
        return self.is_planting or host in self.reachable

    def note_change(self) -> None:
        """Something is not as it was: to be saved, and looked at by the daemons."""
        self.changed += 1
        for machine in self.machines.values():
            machine.kill_if_off()
        self._next_change.set()
        self._next_change = asyncio.Event()
        self.wake()

    async def next_change(self) -> None:
        """Wait until something is not as it was."""
        await self._next_change.wait()

    @property
    def is_formed(self) -> bool:
        """Is it a cluster, or a node on its own?"""
        return len(self.nodes) > 1 or self.has_corosync

    @property
    def is_quorate(self) -> bool:
        """Does the cluster agree on changes? More than half of the nodes must be there."""
        return not self.has_lost_quorum and sum(n.online for n in self.nodes.values()) * 2 > len(self.nodes)

    def reach(self, name: str) -> None:
        """A request goes on to a node: is it there?"""
        node = self.nodes.get(name)
        if node is None:
            text = f"failed to get address info for: {name}: Name or service not known"
            die(f"hostname lookup '{name}' failed - {text}")
        if not node.online:
            raise ApiError(595, "No route to host", bare=True)

    def switch_off(self, name: str) -> None:
        """A node loses power: what ran on it does not run any more."""
        self.nodes[name].online = False
        for guest in self.guests.values():
            if guest.node == name:
                guest.run = None
        for upid, running in list(self.running.items()):
            if self.tasks[upid].node == name:
                running.cancel()
        self.note_change()

    def switch_on(self, name: str) -> None:
        """A node that was off boots; what starts with it will."""
        node = self.nodes[name]
        if not node.online:
            node.online, node.booted, node.is_fresh = True, self.now(), True
            self.note_change()

    async def finished(self, upid: str) -> Task:
        """Wait for a task's end, whatever it is."""
        if running := self.running.get(upid):
            await asyncio.gather(running, return_exceptions=True)
        return self.tasks[upid]

    def next_pid(self) -> int:
        self._pids += 1
        return self._pids

    def lock(self, name: str) -> asyncio.Lock:
        """The lock file of that name (a guest's, a storage's)."""
        return self._locks.setdefault(name, asyncio.Lock())

    def is_unlocked(self, name: str) -> bool:
        return name not in self._locks or not self._locks[name].locked()

    # --- names made here ------------------------------------------------------------------------

    def new_mac(self) -> str:
        prefix = self.files.get("datacenter", {}).get("options", {}).get("mac_prefix", "BC:24:11")
        tail = [f"{self.random.randrange(256):02X}" for _ in range(6 - prefix.count(":") - 1)]
        return ":".join([prefix, *tail])

    def new_uuid(self) -> str:
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    # --- storages and volumes -------------------------------------------------------------------

    def storage(self, name: str) -> dict[str, str]:
        """A storage's definition, or PVE's error."""
        if name not in self.storages:
            die(f"storage '{name}' does not exist")
        return self.storages[name]

    def is_shared(self, storage: str) -> bool:
        definition = self.storage(storage)
        return definition["type"] in SHARED_TYPES or definition.get("shared") == "1"

    def is_on(self, storage: str, node: str) -> bool:
        """Is the storage enabled and meant for the node?"""
        definition = self.storages[storage]
        nodes = definition.get("nodes", "")
        return definition.get("disable") != "1" and (not nodes or node in nodes.split(","))

    def check_room(self, storage: str) -> None:
        """Raise when nothing more fits on the storage."""
        if storage in self.full_storages:
            if self.storages[storage]["type"] in FILE_TYPES:
                die("unable to create image: No space left on device")
            die(f"lvcreate error: volume group of '{storage}' has insufficient free space")

    def shelf(self, storage: str, node: str) -> dict[str, Volume]:
        """The volumes that a node sees on a storage, by name."""
        place = "" if self.is_shared(storage) else node
        return self.volumes.setdefault(storage, {}).setdefault(place, {})

    def volume_name(self, volid: str) -> tuple[str, Name]:
        """Take a volume id apart: its storage and its parsed name, or PVE's error."""
        storage, _, name = volid.partition(":")
        kind = self.storage(storage)["type"]
        if (parsed := parse_name(kind, name)) is None:
            what = {"lvm": "lvm", "lvmthin": "lvm", "zfspool": "zfs", "rbd": "rbd"}.get(kind, "directory")
            die(f"unable to parse {what} volume name '{name}'")
        return storage, parsed

    def volume(self, volid: str, node: str) -> Volume | None:
        storage, _, name = volid.partition(":")
        return self.shelf(storage, node).get(name) if storage in self.storages else None

    def volume_path(self, volid: str) -> str:
        """Where a node finds the volume."""
        storage, parsed = self.volume_name(volid)
        definition = self.storages[storage]
        if definition["type"] in FILE_TYPES:
            return f"{definition.get('path', f'/mnt/pve/{storage}')}/{parsed.path}"
        group = definition.get("vgname") or definition.get("pool") or storage
        return f"/dev/{group}/{parsed.file}"

    def has_bridge(self, node: str, name: str) -> bool:
        """Can a guest on the node be plugged into it: a bridge of the node, or a running virtual network?"""
        networks = self.files.get("sdn/running", {}).get("sdn/vnets.cfg", {})
        return name in self.nodes[node].interfaces or name in networks

    def role(self, name: str) -> frozenset[str] | None:
        """The privileges of a role in this version, or None when there is no such role."""
        return self.access.role(name, self.version)

    # --- guests ---------------------------------------------------------------------------------

    def pool_of(self, vmid: int) -> str | None:
        return next((name for name, pool in self.pools.items() if vmid in pool.guests), None)

    def guests_on(self, node: str, kind: str) -> Iterator[Guest]:
        return (g for g in self.guests.values() if g.node == node and g.kind == kind)

    def forget_guest(self, vmid: int) -> None:
        """Remove the configuration and the pool membership; volumes are the caller's business."""
        self.guests.pop(vmid, None)
        for pool in self.pools.values():
            if vmid in pool.guests:
                pool.guests.remove(vmid)
