"""What runs machines: starts them, notices when they end, and ends all of them with the simulator."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator.machines import qmp
from proxmox_mpc.simulator.machines.disks import Disks
from proxmox_mpc.simulator.machines.machine import Machine
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Guest, Run

log = logging.getLogger("proxmox_mpc.simulator")

PROGRAM = "qemu-system-x86_64"
_NEEDED = {PROGRAM: "qemu-system-x86", "qemu-img": "qemu-utils", "setpriv": "util-linux"}

# SeaBIOS does not get to a boot sector with less.
_LEAST_MEMORY_MIB = 16

# A QEMU that did not get to its control protocol by now will not.
_START_S = 30.0


@dataclass(frozen=True)
class Qemu:
    """How real guests run. `folder` keeps their disks (a temporary one when not given); `memory_mib` is the most that
    one of them gets, so that a guest of 64 GiB does not eat the host; `internet` lets them out of this machine."""

    folder: Path | None = None
    memory_mib: int = 1024
    internet: bool = False

    def __post_init__(self) -> None:
        if self.memory_mib < _LEAST_MEMORY_MIB:
            raise ValueError(f"real guests need {_LEAST_MEMORY_MIB} MiB of memory, not {self.memory_mib}")


def missing_programs() -> str:
    """What has to be installed before guests can run, in one line; empty when all is there."""
    packages = [package for program, package in _NEEDED.items() if shutil.which(program) is None]
    return f"real guests need QEMU: apt-get install --no-install-recommends {' '.join(packages)}" if packages else ""


def has_kvm() -> bool:
    """May this process use the processor's virtualization?"""
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR))
    except OSError:
        return False
    return True


class Host:
    """The machines of one simulator. Raises ValueError when QEMU is not installed, or its folder cannot be made."""

    def __init__(self, cluster: Cluster, options: Qemu) -> None:
        if complaint := missing_programs():
            raise ValueError(complaint)
        self._cluster = cluster
        self.options = options
        self.has_kvm = has_kvm()
        # Paths of sockets must be short, so they never live in the user's folder.
        self._own = tempfile.TemporaryDirectory(prefix="pve-", ignore_cleanup_errors=True)
        folder = (options.folder or Path(self._own.name, "disks")).absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"no place for real guests' disks: {error}") from error
        self.disks = Disks(folder)
        for shelves in cluster.volumes.values():
            self.disks.check(volume for shelf in shelves.values() for volume in shelf.values())
        self._watching: set[asyncio.Task[None]] = set()

    def folder(self, vmid: int) -> Path:
        """For a machine's sockets and its seed."""
        folder = Path(self._own.name, str(vmid))
        folder.mkdir(exist_ok=True)
        return folder

    async def start(self, guest: Guest, arguments: Sequence[str]) -> Machine:
        """Run QEMU with these arguments. Raises PVE's error with what QEMU said when it does not start."""
        if old := self._cluster.machines.get(guest.vmid):
            old.kill()
            await old.gone.wait()
        folder = self.folder(guest.vmid)
        control, complaints = folder / "control", folder / "complaints"
        control.unlink(missing_ok=True)
        server, arrived = await qmp.listen(str(control))
        process = None
        try:
            with complaints.open("wb") as stderr:
                # The kernel ends the process when we do, however we end.
                process = await asyncio.create_subprocess_exec(
                    "setpriv", "--pdeathsig", "KILL", PROGRAM, *arguments,
                    "-chardev", f"socket,id=control,path={control}", "-mon", "chardev=control,mode=control",
                    stdin=asyncio.subprocess.DEVNULL, stdout=stderr, stderr=stderr,
                )  # fmt: skip
            connection = await self._connected(process, arrived)
            await connection.begin()
        except (qmp.QmpError, TimeoutError, OSError):
            said = complaints.read_text(errors="replace").strip() if complaints.exists() else ""
            if process and process.returncode is None:
                process.kill()
            code = await process.wait() if process else "none"
            die(f"start failed: QEMU exited with code {code}" + (f": {said.splitlines()[-1]}" if said else ""))
        finally:
            server.close()
        machine = Machine(guest, Run(self._cluster.now(), process.pid), folder, process, connection)
        guest.run = machine.run
        self._cluster.machines[guest.vmid] = machine
        watching = asyncio.create_task(self._watch(machine))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return machine

    @staticmethod
    async def _connected(process: asyncio.subprocess.Process, arrived: asyncio.Future[qmp.Qmp]) -> qmp.Qmp:
        ended = asyncio.create_task(process.wait())
        either: set[asyncio.Future[Any]] = {ended, arrived}
        try:
            await asyncio.wait(either, timeout=_START_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
        if not arrived.done():
            raise TimeoutError
        return arrived.result()

    async def _watch(self, machine: Machine) -> None:
        """When the process ends, by whatever cause, the guest is off."""
        code = await machine.process.wait()
        guest = machine.guest
        log.info("VM %s: QEMU ended with code %s", guest.vmid, code)
        if self._cluster.machines.get(guest.vmid) is machine:
            del self._cluster.machines[guest.vmid]
        if guest.run is machine.run:
            guest.run = None
            guest.touch()
        await machine.let_go()
        self._cluster.note_change()

    async def stop(self) -> None:
        """End all machines, and remove what was only for them."""
        await asyncio.gather(*(machine.quit() for machine in list(self._cluster.machines.values())))
        await asyncio.gather(*self._watching)
        await asyncio.to_thread(self._own.cleanup)
