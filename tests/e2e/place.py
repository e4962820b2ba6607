"""A command line whose cluster stands behind a gate, so that it can be caught, stopped and killed at any request."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from tests.e2e.conftest import Cli, simulator
from tests.e2e.gate import Gate, Rule, gate_before

TASKS_LAST = "0.02"
"""Time scale of the simulated cluster: a clone of the template lasts about a second."""

TIER = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web, namespace: tier }
spec:
  node: pve-node2
  template: debian-12-template
  cpu: { cores: 2 }
  disks: [{ storage: local-lvm, size: 8G }]
  cloudInit: { user: ops, password: not-for-the-store }
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: db, namespace: tier }
spec:
  node: pve-node1
  memory: 1024
  disks: [{ storage: local-lvm, size: 2G }]
  networks: [{ bridge: vmbr0 }]
---
apiVersion: proxmox.io/v1
kind: Storage
metadata: { name: archive }
spec: { type: dir, path: /srv/archive, content: [iso] }
"""


@dataclass
class Place:
    """A command line whose context reaches the cluster through a gate."""

    cli: Cli
    gate: Gate
    login: tuple[str, ...] = ()

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Type a command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "proxmox_mpc", *words],
            cwd=self.cli.workspace,
            env=os.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Started from a shell's background, tests inherit an ignored SIGINT; a person's terminal does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def kill_at(self, rule: Rule, *words: str) -> None:
        """Start a command, and kill it (-9) when this request is reached."""
        with self.start(*words) as process:
            rule.wait()
            process.kill()

    def ask(self, query: str) -> list[tuple[str, ...]]:
        """The store's own word."""
        with closing(sqlite3.connect(self.cli.workspace.parent / "home" / "store.db")) as store:
            return list(store.execute(query))

    def made(self) -> list[str]:
        """Names of all guests that the cluster did not have before, unnamed ones by their number."""
        rows = self.cli.api("GET", "/cluster/resources")
        return sorted(str(r.get("name") or r["vmid"]) for r in rows if r["type"] == "qemu" and r["vmid"] != 9000)

    def is_whole(self, names: list[str], *files: str) -> None:
        """Nothing is missing, nothing is there twice, nothing is left open."""
        assert self.made() == names
        for file in files:
            plan = self.cli("plan", "-f", file, "--exit-code")
            assert plan.code == 0, plan
        assert self.ask("SELECT state FROM journal WHERE state IN ('sending', 'accepted')") == []
        assert self.ask("SELECT id FROM runs WHERE status = 'running'") == []
        assert self.ask("SELECT number FROM revisions WHERE status = 'pending'") == []
        assert self.ask("SELECT name FROM resources WHERE applied = 'null'") == []


@contextmanager
def place_before(cluster: str, token: str, bare: Cli) -> Iterator[Place]:
    token_id, _, secret = token.partition("=")
    with gate_before(cluster) as gate:
        login = ("--token-id", token_id, "--token-secret", secret)
        bare.ok("config", "set-context", "lab", "--endpoint", gate.url, *login)
        bare.write("tier.yaml", TIER)
        yield Place(bare, gate, login)


@pytest.fixture
def place(bare: Cli) -> Iterator[Place]:
    with simulator("--http", "--time-scale", TASKS_LAST) as process:
        assert process.stdout is not None
        bare.ready = json.loads(process.stdout.readline())
        with place_before(bare.ready["url"], bare.ready["token"], bare) as place:
            yield place
        process.terminate()
