"""Real processes, really killed: the next apply says so, continues, and ends with exactly what was declared."""

from __future__ import annotations

import json

import pytest
from hypothesis import settings

from tests.e2e.conftest import Cli, simulator
from tests.e2e.place import TASKS_LAST, Place, place, place_before

__all__ = ["place"]

KILL_POINTS = {
    "a pool is made, and nobody has heard": ("hold answer", "POST", "^/pools$"),
    "a storage is made, and nobody has heard": ("hold answer", "POST", "^/storage$"),
    "a creation is accepted, and nobody has heard": ("hold answer", "POST", r"/qemu$"),
    "a creation never got there": ("hold request", "POST", r"/qemu$"),
    "a clone is accepted, and nobody has heard": ("hold answer", "POST", r"/clone$"),
    "a clone never got there": ("hold request", "POST", r"/clone$"),
    "a clone runs": ("hold request", "GET", r"/tasks/UPID:pve-node1:[^/]*qmclone"),
    "between clone and move": ("hold request", "POST", r"/migrate$"),
    "a move runs": ("hold answer", "POST", r"/migrate$"),
    "between clone and growing its disk": ("hold request", "PUT", r"/resize$"),
    "between clone and configuration": ("hold request", "POST", r"/config$"),
    "configured, and nobody has heard": ("hold answer", "POST", r"/config$"),
}


@pytest.mark.parametrize("point", KILL_POINTS)
def test_an_apply_that_is_killed_is_continued_by_the_next(place: Place, point: str) -> None:
    how, method, path = KILL_POINTS[point]
    rule = (place.gate.hold_answer if how == "hold answer" else place.gate.hold_request)(method, path)
    place.kill_at(rule, "apply", "-f", "tier.yaml")
    answer = place.cli("apply", "-f", "tier.yaml")
    assert answer.code == 0, answer
    assert "did not end" in answer.err
    assert "Traceback" not in answer.err
    place.is_whole(["db", "web"], "tier.yaml")
    nodes = {name: guest["node"] for name, guest in place.cli.guests().items()}
    assert nodes["web"] == "pve-node2", "where it was wanted, also when it was killed before the move"
    assert "did not end" not in place.cli.ok("apply", "-f", "tier.yaml").err


def test_a_killed_deletion_is_continued_by_the_next(place: Place) -> None:
    place.cli.ok("apply", "-f", "tier.yaml")
    place.kill_at(place.gate.hold_answer("DELETE", r"/qemu/\d+\?"), "delete", "-f", "tier.yaml", "--yes")
    place.cli.ok("delete", "-f", "tier.yaml", "--yes")
    assert place.made() == []
    assert place.ask("SELECT name FROM resources WHERE kind != 'Cluster'") == []


VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: {{ name: {name} }}
spec: {{ node: pve-node1, memory: 64, disks: [{{ storage: local-lvm, size: 1G }}] }}
"""


def fleet(prefix: str, count: int) -> str:
    return "---\n".join(VM.format(name=f"{prefix}{number}") for number in range(count))


def test_two_applies_of_two_applications_at_once_share_no_vmid(place: Place) -> None:
    for prefix in ("a", "b"):
        place.cli.write(f"{prefix}.yaml", fleet(prefix, 4))
    with place.start("apply", "-f", "a.yaml") as one, place.start("apply", "-f", "b.yaml") as other:
        ends = [process.communicate(timeout=60) for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), ends
    place.is_whole(sorted([f"a{n}" for n in range(4)] + [f"b{n}" for n in range(4)]), "a.yaml", "b.yaml")


def test_a_second_apply_of_the_same_application_is_refused_while_the_first_works(place: Place) -> None:
    rule = place.gate.hold_request("POST", r"/clone$")
    with place.start("apply", "-f", "tier.yaml") as first:
        rule.wait()
        second = place.cli("apply", "-f", "tier.yaml")
        assert second.code == 7
        assert f"process {first.pid} on" in second.err
        assert "nothing was changed" in second.err
        rule.go_on.set()
        first.communicate(timeout=60)
    assert first.returncode == 0
    place.is_whole(["db", "web"], "tier.yaml")


def test_many_applies_of_the_same_application_at_once_make_nothing_twice(place: Place) -> None:
    running = [place.start("apply", "-f", "tier.yaml") for _ in range(3)]
    ends = [process.communicate(timeout=60) for process in running]
    codes = sorted(process.returncode for process in running)
    assert codes[0] == 0, ends
    assert set(codes) <= {0, 6, 7}, ends
    place.is_whole(["db", "web"], "tier.yaml")


def test_two_applications_that_want_the_same_name_make_it_once(place: Place) -> None:
    rule = place.gate.hold_request("POST", r"/qemu$")
    place.cli.write("one.yaml", VM.format(name="shared"))
    place.cli.write("other.yaml", VM.format(name="shared"))
    with place.start("apply", "-f", "one.yaml") as first:
        rule.wait()
        second = place.cli("apply", "-f", "other.yaml")
        rule.go_on.set()
        first.communicate(timeout=60)
    assert first.returncode == 0
    assert second.code == 6
    assert "taken by another application" in second.err
    assert place.made() == ["shared"]


@pytest.mark.parametrize(("path", "key"), [(r"/qemu$", "vmid"), (r"/clone$", "newid")])
def test_a_vmid_that_somebody_takes_in_between_is_left_to_them(place: Place, path: str, key: str) -> None:
    taken: list[str] = []

    def take(form: dict[str, str]) -> None:
        taken.append(form[key])
        place.cli.api("POST", "/nodes/pve-node3/qemu", vmid=form[key], name="stranger")

    place.gate.meanwhile("POST", path, take)
    place.cli.ok("apply", "-f", "tier.yaml")
    place.is_whole(["db", "stranger", "web"], "tier.yaml")
    assert place.cli.guests()["stranger"]["vmid"] == int(taken[0])


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("POST", r"/clone$", "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout"),
        ("POST", r"/qemu$", "cluster not ready - no quorum?"),
        ("POST", r"/config$", "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"),
    ],
)
def test_a_lock_and_a_lost_quorum_are_waited_for(place: Place, method: str, path: str, reason: str) -> None:
    place.gate.answer(method, path, 500, reason)
    place.cli.ok("apply", "-f", "tier.yaml")
    place.is_whole(["db", "web"], "tier.yaml")


BROKEN = """\
apiVersion: proxmox.io/v1
kind: StorageFile
metadata: { name: tools.iso }
spec: { storage: local, node: pve-node1, content: iso, url: "http://127.0.0.1/tools.iso" }
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: rescue }
spec:
  node: pve-node1
  memory: 64
  cdrom: [{ iso: "local:iso/tools.iso" }]
"""


def test_a_failure_stops_what_needs_it_and_nothing_else(place: Place) -> None:
    place.cli.write("mixed.yaml", BROKEN + "---\n" + VM.format(name="sound"))
    answer = place.cli("apply", "-f", "mixed.yaml")
    assert answer.code == 1
    assert "1 of 3 steps failed; 1 done; 1 left" in answer.err
    assert place.made() == ["sound"]
    [app] = place.cli.ok("status", "mixed", "-o", "json").json
    assert (app["status"], app["health"]) == ("failed", "degraded")
    place.cli.write("mixed.yaml", BROKEN.replace("127.0.0.1", "example.org") + "---\n" + VM.format(name="sound"))
    place.cli.ok("apply", "-f", "mixed.yaml")
    place.is_whole(["rescue", "sound"], "mixed.yaml")


SAME_CLUSTER = ("--http", "--token-secret", "11111111-2222-4333-8444-555555555555")


def test_a_cluster_that_goes_away_ends_the_apply_and_its_return_lets_it_go_on(bare: Cli) -> None:
    kept = ("--persist", str(bare.workspace.parent / "cluster.json"))
    with simulator(*SAME_CLUSTER, *kept, "--time-scale", TASKS_LAST) as process:
        assert process.stdout is not None
        bare.ready = json.loads(process.stdout.readline())
        with place_before(bare.ready["url"], bare.ready["token"], bare) as place:
            rule = place.gate.hold_request("POST", r"/config$")
            with place.start("apply", "-f", "tier.yaml") as apply:
                rule.wait()
                place.gate.server.shutdown()
                place.gate.server.server_close()
                process.terminate()
                process.wait()
                rule.go_on.set()
                _, err = apply.communicate(timeout=120)
    assert apply.returncode == 7, err
    assert "Traceback" not in err
    assert "once it answers again, continue: proxmox-cli apply --resume --app tier" in err
    with simulator(*SAME_CLUSTER, *kept) as process:
        assert process.stdout is not None
        bare.ready = json.loads(process.stdout.readline())
        with place_before(bare.ready["url"], bare.ready["token"], bare) as place:
            place.cli.ok("apply", "-f", "tier.yaml")
            place.is_whole(["db", "web"], "tier.yaml")
        process.terminate()


SET = """\
apiVersion: proxmox.io/v1
kind: GuestSet
metadata: { name: web, namespace: tier }
spec:
  kind: VirtualMachine
  replicas: 3
  template: { spec: { memory: 64, disks: [{ storage: local-lvm, size: 1G }], state: running } }
"""

ROLLING = {
    "before the first restart": ("hold request", r"/status/reboot$"),
    "the first restart runs, and nobody has heard": ("hold answer", r"/status/reboot$"),
    "a replica is written, and nobody has heard": ("hold answer", r"/config$"),
}


@pytest.mark.parametrize("point", ROLLING)
def test_a_set_whose_change_is_killed_is_changed_to_its_end_by_the_next(place: Place, point: str) -> None:
    how, path = ROLLING[point]
    place.cli.ok("apply", "-f", place.cli.write("set.yaml", SET))
    place.cli.write("set.yaml", SET.replace("memory: 64", "memory: 128"))
    rule = (place.gate.hold_answer if how == "hold answer" else place.gate.hold_request)("POST", path)
    place.kill_at(rule, "apply", "-f", "set.yaml", "--allow", "restart")
    answer = place.cli.ok("apply", "-f", "set.yaml", "--allow", "restart")
    assert "did not end" in answer.err
    place.is_whole(["web-0", "web-1", "web-2"], "set.yaml")
    for guest in place.cli.guests().values():
        if guest.get("template") != 1:
            pending = place.cli.api("GET", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/pending")
            assert [row for row in pending if "pending" in row] == [], "every replica has been restarted"
            assert guest["maxmem"] == 128 << 20


def test_a_set_whose_making_is_killed_has_all_replicas_once_after_the_next(place: Place) -> None:
    place.cli.write("set.yaml", SET)
    place.kill_at(place.gate.hold_answer("POST", r"/qemu$"), "apply", "-f", "set.yaml")
    place.cli.ok("apply", "-f", "set.yaml")
    place.is_whole(["web-0", "web-1", "web-2"], "set.yaml")


GOLDEN = """\
apiVersion: proxmox.io/v1
kind: VirtualMachineTemplate
metadata: { name: golden }
spec:
  node: pve-node1
  image: { url: "https://example.org/debian-13.qcow2", storage: local }
  memory: 64
  disks: [{ storage: local-lvm, size: 4G }]
  cloudInit: { storage: local-lvm, user: ops }
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web }
spec: { node: pve-node1, template: golden, clone: linked, cloudInit: { user: amy } }
"""

BUILD = {
    "the download never got there": ("hold request", "POST", r"/download-url$"),
    "the download runs, and nobody has heard": ("hold answer", "POST", r"/download-url$"),
    "downloaded, and not made yet": ("hold request", "POST", r"/qemu$"),
    "the machine is made, and nobody has heard": ("hold answer", "POST", r"/qemu$"),
    "between making and growing its disk": ("hold request", "PUT", r"/resize$"),
    "the image still lies there": ("hold request", "DELETE", r"/content/"),
    "the image has gone, and nobody has heard": ("hold answer", "DELETE", r"/content/"),
    "all is done but the conversion": ("hold request", "POST", r"/template$"),
    "converted, and nobody has heard": ("hold answer", "POST", r"/template$"),
    "a clone of it is accepted, and nobody has heard": ("hold answer", "POST", r"/clone$"),
}


SELDOM = pytest.mark.skipif(settings.get_current_profile_name() != "soak", reason="runs in `make soak`: 5 s each")
OFTEN = ("the download runs, and nobody has heard", "the image still lies there", "all is done but the conversion")


@pytest.mark.parametrize("point", [point if point in OFTEN else pytest.param(point, marks=SELDOM) for point in BUILD])
def test_a_template_whose_making_is_killed_is_finished_by_the_next(place: Place, point: str) -> None:
    how, method, path = BUILD[point]
    place.cli.write("golden.yaml", GOLDEN)
    before = contents(place.cli)
    rule = (place.gate.hold_answer if how == "hold answer" else place.gate.hold_request)(method, path)
    place.kill_at(rule, "apply", "-f", "golden.yaml")
    answer = place.cli.ok("apply", "-f", "golden.yaml")
    assert "did not end" in answer.err
    place.is_whole(["golden", "web"], "golden.yaml")
    golden = place.cli.guests()["golden"]
    config = place.cli.api("GET", f"/nodes/pve-node1/qemu/{golden['vmid']}/config")
    assert golden["template"] == 1
    assert "base-" in config["scsi0"]
    assert "size=4G" in config["scsi0"]
    assert contents(place.cli) == before, "no image is left behind"
    place.cli.ok("delete", "-f", "golden.yaml", "--yes")
    assert place.made() == []
    assert contents(place.cli) == before


def contents(cli: Cli) -> list[str]:
    """Everything on the storages of the node, but what belongs to guests that there are."""
    guests = {guest["vmid"] for guest in cli.guests().values()}
    rows = [
        row for name in ("local", "local-lvm") for row in cli.api("GET", f"/nodes/pve-node1/storage/{name}/content")
    ]
    return sorted(row["volid"] for row in rows if row.get("vmid") not in guests)
