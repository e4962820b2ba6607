"""The command line, as typed: against a simulated cluster that runs as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc import telemetry
from proxmox_mpc.interfaces.cli import run
from tests.e2e import elsewhere
from tests.e2e.elsewhere import team

__all__ = ["team"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Answer:
    """What one command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Cli:
    """Types commands in a workspace with a home of its own; in this process, which is what makes many of them cheap."""

    workspace: Path
    ready: dict[str, Any]
    capture: pytest.CaptureFixture[str]
    where: str = "local"
    """One of `elsewhere.WAYS`."""
    context: str = "lab"
    """What `lab` is called where the commands run: a server has a context for each test."""

    def __call__(self, *words: str) -> Answer:
        self.capture.readouterr()
        try:
            code = run([self.context if self._is_context(words, at) else words[at] for at in range(len(words))])
        except SystemExit as stop:
            code = int(stop.code or 0)
        out, err = self.capture.readouterr()
        return Answer(code, out.replace(self.context, "lab"), err.replace(self.context, "lab"))

    @staticmethod
    def _is_context(words: tuple[str, ...], at: int) -> bool:
        before = ("--context", "set-context", "use-context", "delete-context")
        return words[at] == "lab" and words[at - 1] in before

    def ok(self, *words: str) -> Answer:
        answer = self(*words)
        assert answer.code == 0, answer
        return answer

    def write(self, name: str, text: str) -> str:
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    def api(self, method: str, path: str, **form: Any) -> Any:
        """The cluster's own word, asked past the product."""
        import requests

        answer = requests.request(
            method,
            f"{self.ready['url']}/api2/json{path}",
            headers={"Authorization": f"PVEAPIToken={self.ready['token']}"},
            data=form,
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json()["data"]

    def guests(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in self.api("GET", "/cluster/resources") if row["type"] in ("qemu", "lxc")}


def simulator(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "proxmox_mpc.simulator", "--time-scale", "0", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def simulated(*options: str) -> Iterator[dict[str, Any]]:
    """A simulated cluster over plain HTTP, as its one line of JSON describes it; it ends with the block."""
    with simulator("--http", *options) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


@pytest.fixture
def cluster() -> Iterator[dict[str, Any]]:
    """A simulated cluster over plain HTTP, as its one line of JSON describes it."""
    with simulated() as ready:
        yield ready


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """A command line that knows no cluster yet."""
    for name in [name for name in os.environ if name.startswith("PROXMOX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROXMOX_MPC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(telemetry, "_sink", telemetry._sink)  # each command configures the logs of this very process
    workspace = tmp_path / "work"
    workspace.mkdir()
    monkeypatch.chdir(workspace)
    return Cli(workspace, {}, capsys)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Modules that carry the product's promises run three ways: see `elsewhere.py`."""
    if "where" in metafunc.fixturenames:
        metafunc.parametrize("where", elsewhere.ways(metafunc.definition.get_closest_marker("everywhere")))


@pytest.fixture
def cli(bare: Cli, cluster: dict[str, Any], where: str, request: pytest.FixtureRequest) -> Cli:
    """A command line whose current context is the simulated cluster."""
    token_id, _, secret = cluster["token"].partition("=")
    bare.ready = cluster
    bare.where = where
    if where != "local":
        bare.context = elsewhere.enter(request, bare, where)
        return bare
    bare.ok(
        "config", "set-context", "lab", "--endpoint", cluster["url"], "--token-id", token_id, "--token-secret", secret
    )
    return bare
