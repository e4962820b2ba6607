"""The systemd units: what systemd itself says of them, and that none of them is less closed than the others."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, LONGEST_END_S

UNITS = sorted(DEPLOY.glob("systemd/*.service"))


def settings(unit: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.M):
        found.setdefault(name, []).append(value)
    return found


def test_there_is_one_for_each_process() -> None:
    assert [unit.stem for unit in UNITS] == ["proxmox-mpc-beat", "proxmox-mpc-server", "proxmox-mpc-worker"]
    verbs = {"beat": "beat", "server": "serve", "worker": "worker"}
    for unit in UNITS:
        part = unit.stem.rpartition("-")[2]
        assert settings(unit)["ExecStart"] == [f"/opt/proxmox-mpc/bin/proxmox-cli {verbs[part]}"]


def test_they_differ_in_what_they_run_and_in_nothing_else() -> None:
    others = [
        {name: value for name, value in settings(unit).items() if name not in ("Description", "ExecStart")}
        for unit in UNITS
    ]
    assert others[0] == others[1] == others[2]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_they_are_closed_and_have_time_to_end(unit: Path) -> None:
    told = settings(unit)
    for name in (
        "NoNewPrivileges",
        "ProtectHome",
        "PrivateTmp",
        "PrivateDevices",
        "RestrictNamespaces",
        "LockPersonality",
    ):
        assert told[name] == ["yes"], name
    assert told["ProtectSystem"] == ["strict"]
    assert told["CapabilityBoundingSet"] == [""]
    assert told["User"] == ["proxmox-mpc"]
    assert told["StateDirectoryMode"] == ["0700"]
    assert told["UMask"] == ["0077"]
    assert int(told["TimeoutStopSec"][0]) > LONGEST_END_S
    assert "KEY=" not in unit.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_them_and_finds_them_closed(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "proxmox-cli"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    installed = tmp_path / unit.name
    installed.write_text(unit.read_text().replace("/opt/proxmox-mpc/bin/proxmox-cli", str(program)))
    said = subprocess.run(["systemd-analyze", "verify", installed], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    closed = ["systemd-analyze", "security", "--offline=true", "--threshold=15", installed]
    said = subprocess.run(closed, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout.splitlines()[-1:]
