"""What a command loads: no more than what it needs; and what it logs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e.conftest import Cli

LOADED = """
import sys
from pathlib import Path
from proxmox_mpc.interfaces.cli import run
code = run(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""


def libraries(cli: Cli, *words: str) -> set[str]:
    """Top-level modules that a command has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *words], cwd=cli.workspace, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_the_version_needs_nothing(bare: Cli) -> None:
    assert not libraries(bare, "version") & {"click", "pydantic", "asyncio", "aiohttp", "sqlalchemy", "yaml"}


@pytest.mark.parametrize("words", ["validate -f vm.yaml", "explain vm.disks", "api-resources", "--help"])
def test_what_asks_nobody_loads_neither_client_nor_store(bare: Cli, words: str) -> None:
    bare.write(
        "vm.yaml", "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: a }\nspec: { memory: 64 }\n"
    )
    assert not libraries(bare, *words.split()) & {"aiohttp", "sqlalchemy", "alembic", "rich", "cryptography"}


@pytest.fixture
def reached(bare: Cli, cluster: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A command line that knows the cluster from its environment alone."""
    token_id, _, secret = cluster["token"].partition("=")
    for name, value in (("ENDPOINTS", cluster["url"]), ("TOKEN_ID", token_id), ("TOKEN_SECRET", secret)):
        monkeypatch.setenv(f"PROXMOX_{name}", value)
    bare.ready = cluster
    return bare


@pytest.mark.parametrize("words", ["get vms", "get vmt debian-12-template -o yaml"])
def test_reading_with_a_context_from_the_environment_opens_no_store(reached: Cli, words: str) -> None:
    loaded = libraries(reached, *words.split())
    assert "aiohttp" in loaded
    assert not loaded & {"sqlalchemy", "alembic", "rich", "cryptography"}
    assert not (reached.workspace.parent / "home" / "store.db").exists()


@pytest.mark.parametrize(("level", "lines"), [("", 1), ("WARNING", 1), ("ERROR", 0)])
def test_warnings_are_logged_unless_the_environment_says_otherwise(
    reached: Cli, monkeypatch: pytest.MonkeyPatch, level: str, lines: int
) -> None:
    monkeypatch.setenv("PROXMOX_ENDPOINTS", f"http://127.0.0.1:9,{reached.ready['url']}")
    monkeypatch.setenv("LOG_LEVEL", level)
    logged = [json.loads(line) for line in reached.ok("get", "vms").err.splitlines()]
    assert [line["event"] for line in logged] == ["endpoint was passed over"] * lines


def test_a_log_level_that_is_none_is_refused(reached: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "loud")
    answer = reached("get", "vms")
    assert answer.code == 2
    assert "LOG_LEVEL is 'loud'" in answer.err


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_simulator_ends_with_the_command_that_started_it(name: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "proxmox_mpc", "simulate", "--http", "--preset", "empty"]
    environment = {**os.environ, "PROXMOX_MPC_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            assert requests.get(f"{url}/api2/json/access/domains", timeout=5).ok
            process.send_signal(name)
            process.communicate(timeout=10)
        finally:
            process.kill()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/api2/json/access/domains", timeout=5)
