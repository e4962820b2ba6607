"""What only shows something sends no write to the cluster: its own log of requests says so."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import click
import pytest

from proxmox_mpc.interfaces.cli._app import root
from proxmox_mpc.simulator import Simulator
from tests.e2e.conftest import Cli

SHOP = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web, namespace: shop }
spec: { node: pve-node1, memory: 512, agent: { enabled: true }, disks: [{ storage: local-lvm, size: 1G }], state: running }
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: db, namespace: shop }
spec: { node: pve-node1, memory: 512 }
---
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: lab }
---
apiVersion: proxmox.io/v1
kind: SnapshotPolicy
metadata: { name: nightly }
spec: { schedule: "03:00", namespace: shop, keep: { daily: 7 } }
"""

CHART = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: {{ .Release.Name }}-a }
spec: { node: pve-node1, memory: {{ .Values.memory }} }
"""

DRY_RUNS: dict[str, list[str]] = {
    "adopt": ["adopt", "vmtemplate", "debian-12-template", "--app", "shop"],
    "apply": ["apply", "-f", "new.yaml", "--app", "shop", "--allow", "data-loss", "--prune", "--max-deletions", "9"],
    "backup": ["backup", "--all", "--storage", "local"],
    "clone": ["clone", "web", "copy"],
    "create": ["create", "vm", "fresh", "--template", "debian-12-template"],
    "delete": ["delete", "-f", "shop.yaml"],
    "exec": ["exec", "web", "--", "hostname"],
    "install": ["install", "web1", "web"],
    "guest-template": ["guest-template", "db"],
    "migrate": ["migrate", "--all", "--to", "pve-node2"],
    "resize": ["resize", "web", "scsi0", "+1G"],
    "restore": ["restore", "db", "--latest", "--force"],
    "rollback": ["rollback", "shop", "1"],
    "snapshot create": ["snapshot", "create", "--all", "nightly"],
    "snapshot delete": ["snapshot", "delete", "db", "before"],
    "snapshot rollback": ["snapshot", "rollback", "db", "before"],
    "snapshots rotate": ["snapshots", "rotate"],
    "tag": ["tag", "--all", "+seen"],
    **{verb: [verb, "--all"] for verb in ("start", "stop", "shutdown", "reboot", "reset", "suspend", "resume")},
    "drain": ["drain", "pve-node1"],
    "uncordon": ["uncordon", "pve-node1"],
    "uninstall": ["uninstall", "web2"],
    "upgrade": ["upgrade", "web2", "web", "--set", "memory=1024"],
}
"""What is typed for each command that has a --dry-run."""
LOOKS = [
    ["plan", "-f", "new.yaml", "--app", "shop"],
    ["plan", "-f", "new.yaml", "--app", "shop", "--out", "saved.plan"],
    ["diff", "-f", "new.yaml", "--app", "shop"],
    ["rehearse", "-f", "new.yaml", "--app", "shop", "--allow", "data-loss"],
    [
        "rehearse",
        "-f",
        "new.yaml",
        "--app",
        "shop",
        "--allow",
        "data-loss",
        "--fault",
        "fail_task type=qmconfig error=no",
    ],
    ["drift"],
    ["drift", "-f", "shop.yaml"],
    ["drift", "accept", "shop", "--for", "1h"],
    ["drift", "revoke", "shop"],
    ["status", "shop"],
]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulated cluster within this process, so that its log of requests can be read."""
    loop, sim = asyncio.new_event_loop(), Simulator(tls=False)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(sim.start(), loop).result(30)
    yield sim
    asyncio.run_coroutine_threadsafe(sim.stop(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def cluster(simulator: Simulator) -> dict[str, Any]:
    return simulator.greeting


@pytest.fixture
def shop(cli: Cli, simulator: Simulator) -> Cli:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    cli.ok("snapshot", "create", "db", "before")
    cli.ok("backup", "db", "--storage", "local")
    cli.write("web/Chart.yaml", "apiVersion: proxmox.io/v1\nname: web\nversion: 0.1.0\n")
    cli.write("web/values.yaml", "memory: 512\n")
    cli.write("web/templates/vm.yaml", CHART)
    cli.ok("install", "web2", "web")
    vmid = cli.guests()["web"]["vmid"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{vmid}/config", memory=1024)
    cli.write("new.yaml", SHOP.replace("size: 1G", "size: 2G").replace("name: lab", "name: laboratory"))
    simulator.requests.clear()
    return cli


def commands(group: click.Group, before: str = "") -> Iterator[str]:
    """All commands that have a --dry-run."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        elif command is not None and any("--dry-run" in param.opts for param in command.params):
            yield f"{before}{name}"


def test_a_dry_run_of_every_command_that_has_one_only_reads(shop: Cli, simulator: Simulator) -> None:
    there = list(commands(root))  # type: ignore[arg-type]
    assert set(there) <= set(DRY_RUNS), "a command with a --dry-run needs its line above"
    for name in there:
        words = DRY_RUNS[name]
        end = words.index("--") if "--" in words else len(words)
        answer = shop(*words[:end], "--dry-run", *words[end:])
        assert answer.code in (0, 6), (words, answer)
        assert simulator.requests, words
        assert {method for method, _ in simulator.requests} == {"GET"}, words
        simulator.requests.clear()


@pytest.mark.parametrize("words", LOOKS, ids=" ".join)
def test_what_looks_only_reads(shop: Cli, simulator: Simulator, words: list[str]) -> None:
    if "revoke" in words:
        shop.ok("drift", "accept", "shop")
    answer = shop(*words)
    assert answer.code in (0, 1, 3), answer
    assert "error:" not in answer.err, answer
    assert simulator.requests
    assert {method for method, _ in simulator.requests} == {"GET"}
