"""apply --snapshot and rollback --snapshot as they are typed: gone after success, named after failure, known after a kill."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.elsewhere import only_here
from tests.e2e.place import place_before
from tests.e2e.test_verbs_power import fault

pytestmark = pytest.mark.everywhere("soak")

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: {{ name: web }}
spec: {{ node: pve-node1, memory: {memory}, disks: [{{ storage: {storage}, size: 1G }}] }}
"""


def vm(memory: int, storage: str = "local-lvm") -> str:
    return VM.format(memory=memory, storage=storage)


def snapshots(cli: Cli) -> list[str]:
    vmid = cli.guests()["web"]["vmid"]
    rows: list[dict[str, Any]] = cli.api("GET", f"/nodes/pve-node1/qemu/{vmid}/snapshot")
    return [row["name"] for row in rows if row["name"] != "current"]


def memory(cli: Cli) -> str:
    vmid = cli.guests()["web"]["vmid"]
    return str(cli.api("GET", f"/nodes/pve-node1/qemu/{vmid}/config")["memory"])


@pytest.fixture
def web(cli: Cli) -> Cli:
    cli.ok("apply", "-f", cli.write("web.yaml", vm(512)))
    return cli


def test_a_snapshot_is_there_as_long_as_the_change_lasts(web: Cli) -> None:
    plan = web.ok("plan", "-f", web.write("web.yaml", vm(768)), "--snapshot")
    assert "a snapshot is kept until it is done" in plan.out
    assert "-f web.yaml --snapshot" in plan.out, "the command that applies it"
    done = web.ok("apply", "-f", "web.yaml", "--snapshot")
    assert "1 of 1 done" in done.out
    assert snapshots(web) == []
    reverted = web.ok("rollback", "web", "1", "--snapshot", "--yes")
    assert "a snapshot is kept until it is done" in reverted.out
    assert (memory(web), snapshots(web)) == ("512", [])


def test_after_a_failure_the_summary_names_the_command_that_goes_back_and_it_does(web: Cli) -> None:
    web.write("web.yaml", vm(768))
    fault(web, fault="fail_task", type="qmconfig", error="no space left on device")
    failed = web("apply", "-f", "web.yaml", "--snapshot")
    assert failed.code == 1
    command = re.search(r"to go back: proxmox-cli (snapshot rollback \d+ mpc-rollback-[0-9a-f]{8})", failed.err)
    assert command is not None, failed
    web.ok(*command[1].split(), "--yes")
    assert memory(web) == "512"
    resumed = web.ok("apply", "--resume", "--yes")
    assert "1 of 1 done" in resumed.out
    assert (memory(web), snapshots(web)) == ("768", [])


def test_a_storage_without_snapshots_is_refused_and_named(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("web.yaml", vm(512, "local")))
    cli.write("web.yaml", vm(768, "local"))
    refused = cli("apply", "-f", "web.yaml", "--snapshot")
    assert refused.code == 6
    assert "disks.scsi0 on local (dir)" in refused.err
    assert "--snapshot-where-possible" in refused.err
    assert memory(cli) == "512"
    cli.ok("apply", "-f", "web.yaml", "--snapshot-where-possible")
    assert memory(cli) == "768"


KILL_POINTS = {
    "the snapshot was asked for, and never got there": ("hold request", "POST", r"/snapshot$"),
    "the snapshot is taken, and nobody has heard": ("hold answer", "POST", r"/snapshot$"),
    "before the change": ("hold request", "POST", r"/config$"),
    "changed, and nobody has heard": ("hold answer", "POST", r"/config$"),
    "before the snapshot goes": ("hold request", "DELETE", r"/snapshot/"),
    "it is gone, and nobody has heard": ("hold answer", "DELETE", r"/snapshot/"),
}


@pytest.mark.parametrize("point", KILL_POINTS)
def test_a_killed_apply_leaves_no_snapshot_behind_once_it_is_continued(web: Cli, point: str) -> None:
    only_here(web, "it kills a process of this machine at one place")
    how, method, path = KILL_POINTS[point]
    with place_before(web.ready["url"], web.ready["token"], web) as at:
        web.ok("apply", "-f", web.write("web.yaml", vm(512)), "--adopt")
        web.write("web.yaml", vm(768))
        rule = (at.gate.hold_answer if how == "hold answer" else at.gate.hold_request)(method, path)
        at.kill_at(rule, "apply", "-f", "web.yaml", "--snapshot")
        web.ok("apply", "--resume", "--yes")
        assert (memory(web), snapshots(web)) == ("768", [])
        taken = [path for verb, path in at.gate.writes if verb == "POST" and path.endswith("/snapshot")]
        assert len(taken) == (2 if how == "hold request" and path == r"/snapshot$" else 1), "taken once"
        assert json.loads(web.ok("plan", "-f", "web.yaml", "-o", "json").out)["empty"]
