"""A cluster as people have it: made from nothing, written down, planned to nothing, and taken away without a trace."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Cli, simulated

HOMELAB = ROOT / "examples" / "homelab"
GUESTS = 60


@pytest.fixture
def cluster() -> Iterator[dict[str, Any]]:
    seed = str(HOMELAB / "lab" / "cluster.json")
    with simulated("--preset", "empty", "--seed", seed) as ready:
        yield ready


def written_down(cli: Cli, folder: str) -> dict[str, str]:
    cli.ok("export", "manifests", "--out", folder)
    files = sorted((cli.workspace / folder).rglob("*.yaml"))
    return {str(path.relative_to(cli.workspace / folder)): path.read_text() for path in files}


def test_a_homelab_is_made_written_down_and_taken_away(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    before = written_down(cli, "before")
    for name in ("ana", "offsite"):
        monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse-battery"))
        cli.ok("secret", "set", name)
    cli.ok("apply", "-f", str(HOMELAB), "--yes")
    assert cli.ok("plan", "-f", str(HOMELAB)).out.startswith("No changes.")
    running = [guest for guest in cli.guests().values() if guest["status"] == "running"]
    assert len(running) == GUESTS
    assert {guest["node"] for guest in running} == {f"pve{number}" for number in range(1, 6)}
    apps = cli.ok("status", "-o", "json").json
    assert {member["state"] for app in apps for member in app["members"]} == {"synced"}
    live = written_down(cli, "live")
    assert written_down(cli, "again") == live
    planned = cli.ok("plan", "-f", "live", "-R", "--app", "homelab").out
    assert planned.startswith("No changes."), planned
    cli.ok("delete", "-f", str(HOMELAB), "--yes")
    assert cli.guests() == {}
    # A node's search domain can be changed, and never taken back.
    after = {path: text.replace("  search: home.example\n", "") for path, text in written_down(cli, "after").items()}
    assert after == before
    assert cli.ok("status", "-o", "json").json[0]["members"] == []
