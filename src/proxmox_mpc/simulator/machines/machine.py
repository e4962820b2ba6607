"""One QEMU process while it runs."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from pathlib import Path

from proxmox_mpc.simulator.consoles.console import Console, follow_serial
from proxmox_mpc.simulator.machines.qmp import Qmp, QmpError
from proxmox_mpc.simulator.state.guest import Guest, Run

# How long QEMU may take to write out its disks' last blocks when it is told to end.
_QUIT_S = 10.0

# A display's password is good for so long, as PVE has it (PVE::API2::Qemu, 9.1).
_PASSWORD_S = 30

# Of the sockets in a machine's folder.
DISPLAY, AGENT = "display", "agent"


@dataclass
class Machine:
    """A running guest: the process, its control connection, and the folder of its sockets (`serial0` and such)."""

    guest: Guest
    run: Run
    folder: Path
    process: asyncio.subprocess.Process
    qmp: Qmp
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._serials: dict[str, tuple[Console, asyncio.Task[None]]] = {}
        self.qmp.on_event = self._note

    def _note(self, event: str) -> None:
        if event in ("STOP", "RESUME", "SUSPEND", "WAKEUP"):
            self.run.paused = event in ("STOP", "SUSPEND")

    def socket(self, name: str) -> str:
        return str(self.folder / name)

    async def status(self) -> str:
        """QEMU's word for what it does: running, paused, …"""
        try:
            return str((await self.qmp.run("query-status"))["status"])
        except QmpError:
            return "stopped"

    async def press_power_button(self, timeout_s: float) -> bool:
        """Ask the guest to shut down; tells whether it did within real seconds."""
        with contextlib.suppress(QmpError):
            await self.qmp.run("system_powerdown")
        return await self.waits(timeout_s)

    async def waits(self, timeout_s: float) -> bool:
        """Is the process gone within real seconds?"""
        try:
            await asyncio.wait_for(self.gone.wait(), timeout_s)
        except TimeoutError:
            return False
        return True

    async def quit(self) -> None:
        """Off, with disks written out; by force when QEMU does not listen."""
        with contextlib.suppress(QmpError):
            await self.qmp.run("quit")
        if not await self.waits(_QUIT_S):
            self.kill()
            await self.gone.wait()

    def kill(self) -> None:
        """Off at once, as by a loss of power."""
        if not self.gone.is_set():
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()

    def kill_if_off(self) -> None:
        """What switched the guest off may know nothing of machines."""
        if self.guest.run is not self.run:
            self.kill()

    async def open_display(self, password: str) -> str:
        """The socket of the display; who connects now must know the password."""
        await self.qmp.run("set_password", protocol="vnc", password=password[:8])
        await self.qmp.run("expire_password", protocol="vnc", time=f"+{_PASSWORD_S}")
        return self.socket(DISPLAY)

    async def serial(self, name: str) -> Console:
        """The console at a serial port: one for all who look, since QEMU lets one connect."""
        if name not in self._serials or self._serials[name][0].ended.is_set():
            self._serials[name] = await follow_serial(self.socket(name))
        return self._serials[name][0]

    async def let_go(self) -> None:
        """The process is gone: close what was open to it."""
        self.gone.set()
        await self.qmp.close()
        for console, listening in self._serials.values():
            listening.cancel()
            console.ended.set()
