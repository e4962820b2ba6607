"""Others at work at the same time: another process, another machine with a store of its own, another tool."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import requests

from tests.e2e.place import Place, place

__all__ = ["place"]

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: {{ name: vm-{number} }}
spec: {{ node: pve-node{node}, memory: {memory}, cpu: {{ cores: {cores} }}, disks: [{{ storage: local-lvm, size: 1G }}] }}
"""


def fleet(count: int, memory: int = 64, cores: int = 1) -> str:
    return "---\n".join(VM.format(number=n, node=1 + n % 3, memory=memory, cores=cores) for n in range(count))


def test_fifty_creations_beside_another_client_that_takes_vmids(place: Place) -> None:
    place.cli.write("fleet.yaml", fleet(50))
    strangers: list[int] = []
    over = threading.Event()

    def take() -> None:
        """As any other tool: ask for the next free one, and use it, as fast as it goes."""
        while not over.is_set() and len(strangers) < 400:
            vmid = int(place.cli.api("GET", "/cluster/nextid"))
            try:
                place.cli.api("POST", "/nodes/pve-node3/qemu", vmid=vmid, name=f"stranger-{vmid}")
            except requests.HTTPError:
                continue  # somebody was faster: it asks again, as they all do
            strangers.append(vmid)

    other = threading.Thread(target=take)
    other.start()
    try:
        with place.start("apply", "-f", "fleet.yaml") as process:
            out, err = process.communicate(timeout=120)
    finally:
        over.set()
        other.join()
    assert process.returncode == 0, err
    assert "50 of 50 done" in out
    guests = place.cli.guests()
    assert {f"vm-{n}" for n in range(50)} <= guests.keys()
    left = {guest["vmid"] for name, guest in guests.items() if name.startswith("stranger")}
    assert set(strangers[:-1]) <= left, "theirs are theirs (of the last, the task may still run)"
    assert len(strangers) > 3, "the other client was at work, too"
    assert place.cli.ok("plan", "-f", "fleet.yaml", "-o", "json").json["empty"]


def values(place: Place, count: int) -> set[tuple[str, str]]:
    """Memory and cores of every guest of the fleet."""
    found = set()
    for name, guest in place.cli.guests().items():
        if name.startswith("vm-"):
            config = place.cli.api("GET", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/config")
            found.add((str(config["memory"]), str(config["cores"])))
    return found


def test_two_processes_that_want_other_things_of_the_same_objects_do_not_mix(place: Place) -> None:
    place.cli.ok("apply", "-f", place.cli.write("fleet.yaml", fleet(6)))
    place.cli.write("one.yaml", fleet(6, memory=128, cores=2))
    place.cli.write("other.yaml", fleet(6, memory=256, cores=4))
    with (
        place.start("apply", "-f", "one.yaml", "--app", "fleet") as one,
        place.start("apply", "-f", "other.yaml", "--app", "fleet") as other,
    ):
        ends = [process.communicate(timeout=60) for process in (one, other)]
    codes = sorted((one.returncode, other.returncode))
    assert codes[0] == 0, ends
    assert codes[1] in (0, 6, 7), ends
    assert values(place, 6) in ({("128", "2")}, {("256", "4")}), ends
    assert place.ask("SELECT id FROM runs WHERE status = 'running'") == []


def test_two_machines_with_stores_of_their_own_do_not_overwrite_each_other(place: Place, tmp_path: Path) -> None:
    """Nothing but the cluster itself can keep these two apart: marks and digests do."""
    place.cli.ok("apply", "-f", place.cli.write("fleet.yaml", fleet(6)))
    place.cli.write("one.yaml", fleet(6, memory=128, cores=2))
    place.cli.write("other.yaml", fleet(6, memory=256, cores=4))
    elsewhere = {**os.environ, "PROXMOX_MPC_HOME": str(tmp_path / "elsewhere")}
    token_id, _, secret = place.cli.ready["token"].partition("=")
    reach = ["--endpoint", place.gate.url, "--token-id", token_id, "--token-secret", secret]
    typed = [sys.executable, "-m", "proxmox_mpc"]
    run = {"cwd": place.cli.workspace, "env": elsewhere, "text": True}
    subprocess.run([*typed, "config", "set-context", "lab", *reach], check=True, capture_output=True, **run)  # type: ignore[call-overload]
    first = place.gate.hold_request("POST", r"/config$")
    with place.start("apply", "-f", "one.yaml", "--app", "fleet") as one:
        first.wait()  # it has read everything, and is about to write
        done = subprocess.run([*typed, "apply", "-f", "other.yaml", "--app", "fleet"], capture_output=True, **run)  # type: ignore[call-overload]
        first.go_on.set()
        _, err = one.communicate(timeout=60)
    assert done.returncode == 0, done.stderr
    assert one.returncode in (1, 6), err
    assert "when the plan was made and is" in err or "detected modified configuration" in err or "file change" in err
    assert values(place, 6) <= {("128", "2"), ("256", "4")}, "never half of one and half of the other"
    assert len([name for name in place.cli.guests() if name.startswith("vm-")]) == 6
