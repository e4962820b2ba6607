"""Snapshot policies over days and weeks: what is due is taken, what has outlived its time goes, nobody else's is touched.

The cluster's clock and the product's stand still until a test moves them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxmox_mpc.actions._planning import ManifestText
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.apply import ApplyRequest, apply
from proxmox_mpc.actions.export_manifests import ExportManifestsRequest, export_manifests
from proxmox_mpc.actions.snapshot_rotate import SnapshotRotateRequest, TurnView, snapshot_rotate
from proxmox_mpc.bootstrap import open_session
from proxmox_mpc.errors import InvalidInput, NotFoundError
from proxmox_mpc.simulator.state.clock import SteppedClock
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = 3600.0
DAY = 24 * HOUR
WEB = manifest(
    "VirtualMachine", "web", {"memory": 64, "disks": [{"storage": "local-lvm", "size": "1G"}], "tags": ["env-prod"]}
)
BOX = manifest(
    "Container",
    "box",
    {
        "ostemplate": "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst",
        "rootfs": {"storage": "local-lvm", "size": "1G"},
        "tags": ["env-prod"],
    },
)


def policy(name: str = "nightly", **spec: Any) -> dict[str, Any]:
    return manifest("SnapshotPolicy", name, {"schedule": "03:00", "guests": ["web"], **spec})


@dataclass
class House:
    """A cluster and somebody who looks after it, with one clock."""

    lab: Lab
    session: Session
    clock: SteppedClock

    async def apply(self, *documents: dict[str, Any]) -> None:
        text = ManifestText(name="house.yaml", content=yaml.safe_dump_all(documents))
        await apply(self.session, ApplyRequest(texts=[text], application="house", prune=True, allow="data-loss"))

    async def rotate(self, *policies: str, dry_run: bool = False) -> list[TurnView]:
        request = SnapshotRotateRequest(policies=list(policies), dry_run=dry_run)
        then = replace(self.session, now=lambda: datetime.fromtimestamp(self.clock.time, UTC))
        return (await snapshot_rotate(then, request)).items

    async def snapshots(self, guest: str = "web") -> list[str]:
        lives = await self.lab.lives("Snapshot")
        found = [live for live in lives if live.key.name.startswith(f"{guest}/")]
        return [live.key.name.partition("/")[2] for live in sorted(found, key=lambda live: live.facts["taken"])]


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    clock = SteppedClock(START.timestamp())
    async with lab(clock=clock) as it:
        token_id, _, secret = it.sim.token.partition("=")
        monkeypatch.setenv("PROXMOX_MPC_HOME", str(tmp_path))
        monkeypatch.setenv("PROXMOX_ENDPOINTS", it.sim.url)
        monkeypatch.setenv("PROXMOX_TOKEN_ID", token_id)
        monkeypatch.setenv("PROXMOX_TOKEN_SECRET", secret)
        async with open_session() as session:
            house = House(it, session, clock)
            await house.apply(WEB, BOX)
            yield house


async def test_a_snapshot_is_taken_when_it_is_due_and_no_sooner(house: House) -> None:
    await house.apply(WEB, BOX, policy())
    [first] = await house.rotate()
    assert (first.guest, first.taken, first.deleted) == ("web", "auto-20261120-120000", [])
    assert await house.rotate() == [], "it is there"
    await house.clock.pass_time(14 * HOUR)
    assert await house.rotate() == [], "02:00"
    await house.clock.pass_time(1.5 * HOUR)
    assert [item.taken for item in await house.rotate()] == ["auto-20261121-033000"]
    await house.clock.pass_time(5 * DAY)
    assert len(await house.rotate()) == 1, "missed times are made up for by one"
    assert len(await house.snapshots()) == 3


async def test_of_many_those_are_kept_that_the_policy_says(house: House) -> None:
    await house.apply(WEB, BOX, policy(keep={"daily": 3, "weekly": 2}))
    for _ in range(20):
        await house.rotate()
        await house.clock.pass_time(DAY)
    assert await house.snapshots() == [
        "auto-20261129-120000",  # the newest of its week, as the one of the week before has gone
        "auto-20261206-120000",
        "auto-20261207-120000",
        "auto-20261208-120000",
        "auto-20261209-120000",
    ]


async def test_what_the_policy_did_not_take_is_never_touched(house: House) -> None:
    it = await house.lab.live("vm", "web")
    for name, text in (("mine", "by hand"), ("auto-20200101-000000", "looks like it, and is not")):
        await house.lab.pve.wait(
            await house.lab.pve.post(
                "/nodes/{node}/qemu/{vmid}/snapshot", {**it.identity, "snapname": name, "description": text}
            )
        )
    await house.apply(WEB, BOX, policy(keep={"last": 1}), policy("other", prefix="other", keep={"last": 2}))
    for _ in range(4):
        await house.rotate()
        await house.clock.pass_time(DAY)
    left = await house.snapshots()
    assert {"mine", "auto-20200101-000000"} <= set(left)
    assert [name.partition("-")[0] for name in left].count("auto") == 2
    assert [name.partition("-")[0] for name in left].count("other") == 2


async def test_a_dry_run_says_it_and_does_nothing(house: House) -> None:
    await house.apply(WEB, BOX, policy(keep={"last": 1}))
    await house.rotate()
    await house.clock.pass_time(DAY)
    before = house.lab.writes()
    [said] = await house.rotate(dry_run=True)
    assert (said.taken, said.deleted) == ("auto-20261121-120000", ["auto-20261120-120000"])
    assert house.lab.writes() == before
    assert await house.rotate() == [said], "and that is what is done then"


@pytest.mark.parametrize(
    ("spec", "guests"),
    [
        ({"guests": ["web", "box"]}, ["box", "web"]),
        ({"guests": None, "selector": "env=prod"}, ["box", "web"]),
        ({"guests": None, "selector": "env=prod", "exclude": ["box"]}, ["web"]),
        ({"guests": None, "namespace": "default", "selector": "env=test"}, []),
        ({"guests": None, "namespace": "default"}, ["box", "web"]),
        ({"guests": None, "namespace": "elsewhere"}, []),
        ({"enabled": False}, []),
    ],
)
async def test_the_guests_of_a_policy(house: House, spec: dict[str, Any], guests: list[str]) -> None:
    wanted = {name: value for name, value in policy(**spec)["spec"].items() if value is not None}
    await house.apply(WEB, BOX, manifest("SnapshotPolicy", "nightly", wanted))
    assert [item.guest for item in await house.rotate()] == guests


async def test_a_schedule_goes_by_the_clocks_of_its_time_zone(house: House) -> None:
    await house.apply(WEB, BOX, policy(schedule="14:30", timezone="Europe/Vienna"))
    await house.rotate()
    await house.clock.pass_time(1.4 * HOUR)
    assert await house.rotate() == [], "14:24 in Vienna"
    await house.clock.pass_time(0.2 * HOUR)
    assert [item.taken for item in await house.rotate()] == ["auto-20261120-143600"]


async def test_a_guest_that_cannot_be_snapshotted_is_told_of_and_stops_nobody(house: House) -> None:
    raw = manifest(
        "VirtualMachine", "raw", {"memory": 64, "disks": [{"storage": "local", "size": "1G", "format": "raw"}]}
    )
    await house.apply(WEB, BOX, raw, policy(guests=["web", "raw"], keep={"last": 1}))
    items = {item.guest: item for item in await house.rotate()}
    assert "snapshot feature is not available" in items["raw"].error
    assert (items["web"].error, await house.snapshots()) == ("", ["auto-20261120-120000"])


async def test_what_could_not_be_taken_costs_none_of_those_that_are_there(house: House) -> None:
    await house.apply(WEB, BOX, policy(keep={"last": 1}))
    await house.rotate()
    await house.clock.pass_time(DAY)
    house.lab.sim.faults.fail_task(type="qmsnapshot", error="no space")
    [item] = await house.rotate()
    assert "no space" in item.error
    assert await house.snapshots() == ["auto-20261120-120000"]


async def test_a_lost_store_loses_no_snapshot_and_the_policy_comes_back_with_its_manifest(house: House) -> None:
    await house.apply(WEB, BOX, policy(keep={"last": 2}))
    await house.rotate()
    store = await house.session.store()
    for record in await store.resources.list((await house.session.context()).name):
        await store.resources.delete(record.context, record.kind, record.namespace, record.name)
    assert await house.rotate() == [], "nobody knows of a policy"
    await house.apply(WEB, BOX, policy(keep={"last": 2}))
    assert await house.rotate() == [], "the snapshots tell when it was done last"
    await house.clock.pass_time(DAY)
    assert len(await house.rotate()) == 1


async def test_policies_are_exported_and_what_they_took_is_not(house: House) -> None:
    mine = manifest("Snapshot", "web/before", {"description": "Before"})
    await house.apply(WEB, BOX, policy(keep={"last": 2}), mine)
    await house.rotate()
    wanted = ExportManifestsRequest(kinds=["Snapshot", "SnapshotPolicy"])
    files = (await export_manifests(house.session, wanted)).files
    assert [file.path for file in files] == [
        "cluster/snapshotpolicies/nightly.yaml",
        "default/snapshots/web-before.yaml",
    ]
    assert [yaml.safe_load(file.content) for file in files] == [
        {**policy(keep={"last": 2})},
        manifest("Snapshot", "web/before", {"description": "Before"}, namespace="default"),
    ]


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"schedule": "noon"}, "spec.schedule: 'noon' is no"),
        ({"selector": "env=a=b"}, "spec.selector: 'env=a=b' is not a selector"),
        ({"timezone": "Vienna"}, "spec.timezone: there is no time zone 'Vienna'"),
        ({"timezone": "../etc/passwd"}, "spec.timezone: there is no time zone"),
    ],
)
async def test_a_policy_that_cannot_be_carried_out_is_refused_at_once(
    house: House, spec: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidInput, match=problem):
        await house.apply(WEB, BOX, policy(**spec))


async def test_a_policy_that_nobody_declared_is_not_found(house: House) -> None:
    with pytest.raises(NotFoundError, match="there is no SnapshotPolicy 'weekly'"):
        await house.rotate("weekly")
