"""What a plan promises of a running guest is what waits after it was applied; where it is not, people are told."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from proxmox_mpc.applications.apply import Applier
from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.store import SecretKey, Store
from tests.lab import Lab, lab

EXAMPLES = max(5, settings.default.max_examples // 4) if settings.default else 5
PHASES = (Phase.explicit, Phase.generate)

DISK = {"storage": "local-lvm", "size": "1G"}
NET = {"bridge": "vmbr0", "mac": "BC:24:11:00:00:01"}
SPECS: dict[str, dict[str, list[Any]]] = {
    "VirtualMachine": {
        "memory": [1024, 2048, 512],
        "balloon": [0, 256, 300],
        "cpu": [
            {"cores": 2, "numa": True},
            {"cores": 4, "numa": True, "vcpus": 2},
            {"cores": 4, "limit": 1, "units": 9},
        ],
        "hotplug": [["none"], ["disk", "network", "usb"], ["network", "disk", "usb", "memory", "cpu", "cloudinit"]],
        "ostype": ["l26", "other", "win10"],
        "networks": [
            [NET],
            [{**NET, "vlan": 5, "rate": 3}],
            [{**NET, "model": "e1000", "linkDown": True}],
            [NET, {"bridge": "vmbr0", "mac": "BC:24:11:00:00:02"}],
        ],
        "disks": [
            [DISK],
            [{**DISK, "ssd": True}],
            [{**DISK, "size": "2G", "limits": {"mbps": 5}}],
            [{**DISK, "serial": "x", "backup": False}, {**DISK, "slot": "sata1"}],
        ],
        "cdrom": [[{"iso": "none"}], [{"iso": "cdrom"}]],
        "usb": [[{"device": "spice"}], [{"device": "spice", "usb3": True}]],
        "agent": [True, {"enabled": True, "fstrim": True}],
        "cloudInit": [{"user": "amy"}, {"user": "bob", "storage": "local-lvm"}],
        "bootOrder": [["scsi0"], ["scsi0", "net0"]],
        "tablet": [True, False],
        "serial": [[{"device": "socket"}]],
        "tags": [["a"], ["b"]],
        "onboot": [True],
        "description": ["one", "two"],
    },
    "Container": {
        "memory": [256, 300],
        "swap": [0, 256],
        "cpu": [{"cores": 1}, {"cores": 2, "limit": 1, "units": 9}],
        "networks": [
            [{"name": "eth0", **NET}],
            [{"name": "eth0", **NET, "vlan": 5, "ip": "dhcp"}],
            [{"name": "eth0", **NET}, {"slot": "net11", "name": "eth1", "bridge": "vmbr0"}],
        ],
        "mounts": [[{**DISK, "target": "/a"}], [{**DISK, "target": "/b", "backup": True}]],
        "devices": [[{"path": "/dev/null"}], [{"path": "/dev/zero"}]],
        "features": [{"nesting": True}],
        "nameservers": [["10.0.0.1"], ["10.0.0.2"]],
        "tty": [1, 3],
        "tags": [["a"], ["b"]],
        "onboot": [True],
        "description": ["one", "two"],
    },
}
NEEDED = {
    "VirtualMachine": {"disks": [DISK]},
    "Container": {"ostemplate": "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst", "rootfs": DISK},
}


def manifest(kind: str, spec: dict[str, Any]) -> str:
    whole = {"node": "pve-node1", "state": "running", **NEEDED[kind], **spec}
    return json.dumps({"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": "it"}, "spec": whole})


@st.composite
def specs(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """Any of the fields, each with any of its values."""
    drawn = {name: draw(st.sampled_from([None, *values])) for name, values in SPECS[kind].items()}
    spec = {name: value for name, value in drawn.items() if value is not None}
    if "networks" not in spec and "net0" in spec.get("bootOrder", ()):
        del spec["bootOrder"]
    return spec


async def waiting(it: Lab, kind: str) -> set[str]:
    live = await it.live(kind, "it")
    path = f"/nodes/{{node}}/{'qemu' if kind == 'VirtualMachine' else 'lxc'}/{{vmid}}/pending"
    return {row["key"] for row in await it.pve.get(path, live.identity) if "pending" in row or "delete" in row}


def promised(plan: Plan) -> set[str]:
    return {key for step in plan.work for change in step.changes for key in change.waits}


async def a_change(kind: str, first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Whether the second could follow the first with nothing allowed; if so, it came as it was promised."""
    async with lab(as_root=True) as it:
        try:
            await it.apply(manifest(kind, first))
            plan = await it.plan(manifest(kind, second))
        except MpcError:
            return False  # what cannot go together
        if plan.blocked:
            return False
        outcomes = await it.execute(plan)
        assert await waiting(it, kind) == promised(plan), [c for step in plan.work for c in step.changes]
        assert [outcome.remarks for outcome in outcomes if outcome.remarks] == []
        # A restart alone rolls what waits, and then nothing does.
        rolled = await it.apply(manifest(kind, second), allow=Impact.RESTART)
        assert rolled.is_empty is not bool(promised(plan))
        assert await waiting(it, kind) == set()
        assert (await it.plan(manifest(kind, second), allow=Impact.RESTART)).is_empty
    return True


@pytest.mark.parametrize("kind", SPECS)
def test_what_waits_after_any_changes_is_what_their_plan_said(kind: str) -> None:
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=PHASES, deadline=None)
    @given(specs(kind), specs(kind))
    def promise(first: dict[str, Any], second: dict[str, Any]) -> None:
        assume(asyncio.run(a_change(kind, first, second)))

    promise()


async def test_a_broken_promise_is_told_and_fails_nothing() -> None:
    async with lab() as it:
        await it.apply(manifest("VirtualMachine", {"networks": [NET]}))
        plan = await it.plan(manifest("VirtualMachine", {"networks": [{**NET, "mtu": 1400}], "memory": 1024}))
        assert promised(plan) == {"memory"}
        guest = it.sim.cluster.guests[(await it.live("vm", "it")).identity["vmid"]]
        guest.live["hotplug"] = "0"  # somebody's change, of a field that nobody declared
        (outcome,) = await it.execute(plan)
        assert (outcome.status, outcome.remarks) == ("done", ("promised at once, waits for a reboot: net0",))
        assert [p.text for p in it.progress if p.what == "remark"] == list(outcome.remarks)


async def test_what_takes_effect_sooner_than_promised_is_told() -> None:
    async with lab() as it:
        await it.apply(manifest("VirtualMachine", {"networks": [NET]}))
        guest = it.sim.cluster.guests[(await it.live("vm", "it")).identity["vmid"]]
        guest.live["hotplug"] = "0"
        plan = await it.plan(manifest("VirtualMachine", {"networks": [{**NET, "mtu": 1400}]}))
        assert promised(plan) == {"net0"}
        guest.live["hotplug"] = "1"
        (outcome,) = await it.execute(plan)
        assert outcome.remarks == ("promised for the next reboot, took effect at once: net0",)


async def test_a_plan_notes_who_waits_for_a_restart_and_rolls_it_where_that_is_allowed() -> None:
    async with lab() as it:
        await it.apply(manifest("VirtualMachine", {"memory": 1024}))
        await it.apply(manifest("VirtualMachine", {"memory": 2048}))
        plan = await it.plan(manifest("VirtualMachine", {"memory": 2048}))
        assert plan.is_empty
        assert [step.note for step in plan.steps] == [
            "waits for a restart since an earlier change: memory (--allow restart)"
        ]
        rolled = await it.plan(manifest("VirtualMachine", {"memory": 2048}), allow=Impact.RESTART)
        assert [(c.path, c.old, c.new, c.impact) for step in rolled.work for c in step.changes] == [
            ("memory", 1024, 2048, Impact.RESTART)
        ]
        before = it.writes()
        await it.execute(rolled)
        assert [path.rpartition("/")[2] for _, path in it.writes()[len(before) :]] == ["reboot"]
        assert await waiting(it, "VirtualMachine") == set()


async def test_a_detached_disk_that_cannot_be_unplugged_goes_with_the_restart_that_was_allowed() -> None:
    boot = {**DISK, "slot": "scsi0"}
    two = {"disks": [boot, {**DISK, "slot": "sata1"}]}
    async with lab() as it:
        await it.apply(manifest("VirtualMachine", two))
        plan = await it.apply(manifest("VirtualMachine", {"disks": [boot]}), allow=Impact.DATA_LOSS)
        assert [(c.path, c.impact, c.waits) for step in plan.work for c in step.changes] == [
            ("disks.sata1", Impact.DATA_LOSS, ("sata1",))
        ]
        config = await it.config("vm", "it")
        assert not [key for key in config if key.startswith(("sata", "unused"))]
        assert await waiting(it, "VirtualMachine") == set()


async def test_a_container_is_stopped_and_started_to_move_a_volume() -> None:
    moved = {"mounts": [{"storage": "local", "size": "1G", "target": "/a"}]}
    async with lab() as it:
        await it.apply(manifest("Container", {"mounts": [{**DISK, "target": "/a"}]}))
        plan = await it.plan(manifest("Container", moved))
        assert [(c.path, c.impact) for step in plan.blocked for c in step.changes] == [
            ("mounts.mp0.storage", Impact.STOP_START)
        ]
        await it.apply(manifest("Container", moved), allow=Impact.STOP_START)
        live = await it.live("ct", "it")
        assert (live.fields["mounts.mp0.storage"], live.fields["state"]) == ("local", "running")


async def test_a_broken_promise_is_an_event_of_its_guest(tmp_path: Path) -> None:
    key = SecretKey(["a passphrase for tests"])
    async with lab() as it, Store.open(f"sqlite:///{tmp_path / 'store.db'}", key=key) as store:
        await it.apply(manifest("VirtualMachine", {"networks": [NET]}))
        plan = await it.plan(manifest("VirtualMachine", {"networks": [{**NET, "mtu": 1400}]}))
        it.sim.cluster.guests[(await it.live("vm", "it")).identity["vmid"]].live["hotplug"] = "0"
        now = datetime.now(UTC)
        applier = Applier(store, "amy", find_kind, lambda: now, lambda: "uid-9", lambda progress: None)
        await applier.apply(plan, it.view(), verb="apply", manifests=[], shown={}, planned_at=now)
        (told,) = [event for event in await store.events.list("lab", name="it") if event.type == "Warning"]
        assert (told.reason, told.message) == ("update-remark", "promised at once, waits for a reboot: net0")
