"""What of real guests can be seen without QEMU: arguments, the guest agent's protocol, refusals."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.simulator import Qemu, Simulator
from proxmox_mpc.simulator.answers.qemu import _hardware
from proxmox_mpc.simulator.machines import agent
from proxmox_mpc.simulator.state.conf import Conf
from proxmox_mpc.simulator.state.guest import Guest

Reply = Callable[[dict[str, Any]], dict[str, Any] | None]


async def asked(socket: Path, reply: Reply, command: str, **arguments: Any) -> Any:
    """What `agent.ask` gets from a guest whose agent answers as given; somebody left half an answer in the line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"return": 1}\n{"ret\n')
        with suppress(ConnectionError):
            while line := await reader.readline():
                message = json.loads(line.strip(b"\xff\n"))
                if message["execute"] == "guest-sync":
                    found: dict[str, Any] | None = {"return": message["arguments"]["id"]}
                else:
                    found = reply(message)
                if found is not None:
                    writer.write(json.dumps(found).encode() + b"\n")
        writer.close()

    server = await asyncio.start_unix_server(serve, str(socket))
    try:
        return await agent.ask(socket, command, **arguments)
    finally:
        server.close()


async def test_the_guest_agent_is_understood_after_an_interrupted_talk(tmp_path: Path) -> None:
    assert await asked(tmp_path / "a", lambda m: {"return": m["arguments"]}, "guest-x", a_b=1) == {"a-b": 1}
    with pytest.raises(agent.AgentError, match="no such thing"):
        await asked(tmp_path / "b", lambda m: {"error": {"desc": "no such thing"}}, "guest-x")


async def test_a_guest_without_agent_does_not_hold_anybody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "_TIMEOUT_S", 0.05)
    with pytest.raises(agent.AgentError, match=r"^$"):
        await asked(tmp_path / "a", lambda m: None, "guest-ping")
    with pytest.raises(agent.AgentError, match=r"^$"):
        await agent.ask(tmp_path / "nobody", "guest-ping")


def described(**live: str) -> _hardware.Hardware:
    files = {"scsi0": _hardware.File(Path("/disks/scsi0,1"), "qcow2")}
    guest = Guest(100, "qemu", "alpha", Conf(live))
    return _hardware.describe(guest, Qemu(memory_mib=512), False, Path("/run/100"), files)


def test_a_configuration_becomes_arguments() -> None:
    hardware = described(
        scsi0="local:1,size=1G", ide2="none,media=cdrom", net0="virtio=BC:24:11:00:00:01,bridge=vmbr0",
        boot="order=ide2;scsi0;net0", machine="pc-q35-9.2", scsihw="virtio-scsi-single", smbios1="uuid=1-2",
        memory="256", serial0="socket", serial1="/dev/ttyS0", agent="1", vga="qxl", bios="ovmf", args="-S",
    )  # fmt: skip
    text = " ".join(hardware.arguments)
    for wanted in (
        "-machine q35,accel=tcg", "-m 256M", "-uuid 1-2", "-vnc unix:/run/100/display,password=on",
        "file=/disks/scsi0,,1,format=qcow2", "scsi-hd,bus=scsihw.0,channel=0,scsi-id=0,lun=0,id=scsi0,drive=drive-scsi0,bootindex=2",
        "ide-cd,bus=ide.2,id=ide2,bootindex=1", "user,id=net0,restrict=on", "mac=BC:24:11:00:00:01,bootindex=3",
        "path=/run/100/serial0,", "name=org.qemu.guest_agent.0",
    ):  # fmt: skip
        assert wanted in text
    assert "-S" not in hardware.arguments
    assert "/dev/ttyS0" not in text
    assert set(hardware.notes) == {
        "started with SeaBIOS instead of OVMF", "started with a std display instead of qxl",
        "started without serial1", "started without args",
    }  # fmt: skip


def test_without_qemu_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match=r"apt-get install .*qemu-system-x86 qemu-utils"):
        Simulator(qemu=True)


def test_options_of_real_guests_ask_for_real_guests() -> None:
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--qemu-memory", "64"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert found.returncode == 1
    assert found.stderr.strip().endswith("are for real guests: add --qemu")
