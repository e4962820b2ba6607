"""A virtual machine or container: its configuration file, and what runs."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from proxmox_mpc.simulator.state import conf as conf_file
from proxmox_mpc.simulator.state.conf import Conf, Section

Kind = Literal["qemu", "lxc"]

_DRIVE = re.compile(r"(?:ide|sata|scsi|virtio)\d+|efidisk0|tpmstate0")
_MOUNT = re.compile(r"rootfs|mp\d+")


@dataclass
class Run:
    """A guest that is switched on. `frozen` are its file systems; `exited` are processes of its agent, by PID."""

    started: float
    pid: int
    paused: bool = False
    machine: str = "pc-i440fx-10.0"
    frozen: bool = False
    next_pid: int = 1000
    exited: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Guest:
    """One guest. `conf` is its file on the cluster file system; change it only through `touch`-ing code. `files` are
    those that were written into a made-up system, base64."""

    vmid: int
    kind: Kind
    node: str
    conf: Conf = field(default_factory=Conf)
    run: Run | None = None
    born: float = 0.0
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digest: str | None = None

    @property
    def live(self) -> Section:
        return self.conf.live

    @property
    def is_qemu(self) -> bool:
        return self.kind == "qemu"

    @property
    def is_running(self) -> bool:
        return self.run is not None

    @property
    def is_template(self) -> bool:
        return self.live.get("template") == "1"

    @property
    def word(self) -> str:
        """How PVE calls this guest in texts."""
        return "VM" if self.is_qemu else "CT"

    @property
    def name(self) -> str:
        return (
            self.live.get("name") or f"VM {self.vmid}"
            if self.is_qemu
            else self.live.get("hostname") or f"CT{self.vmid}"
        )

    @property
    def sid(self) -> str:
        """How the HA manager calls this guest."""
        return f"{'vm' if self.is_qemu else 'ct'}:{self.vmid}"

    @property
    def file(self) -> str:
        return conf_path(self.node, self.kind, self.vmid)

    @property
    def digest(self) -> str:
        if self._digest is None:
            self._digest = hashlib.sha1(conf_file.write(self.conf).encode(), usedforsecurity=False).hexdigest()
        return self._digest

    def touch(self) -> None:
        """The configuration changed: forget its digest."""
        self._digest = None

    def is_volume_key(self, key: str) -> bool:
        """Does this key hold a disk or mount point (not an unused one)?"""
        return bool((_DRIVE if self.is_qemu else _MOUNT).fullmatch(key))


def conf_path(node: str, kind: Kind, vmid: int | str) -> str:
    return f"nodes/{node}/{'qemu-server' if kind == 'qemu' else 'lxc'}/{vmid}.conf"
