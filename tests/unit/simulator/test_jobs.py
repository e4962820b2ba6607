"""Jobs run at their calendar time, on a clock moved by hand: backups with retention, realms, replication."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from proxmox_mpc.simulator import SteppedClock
from proxmox_mpc.simulator.state.clock import ScaledClock
from tests.unit.simulator.api import Api, running

ONE, TWO, THREE = "pve-node1", "pve-node2", "pve-node3"
DAY = 86_400
# A Saturday, noon.
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


def guest(vmid: int, node: str = ONE, kind: str = "qemu", storage: str = "shared-nfs") -> dict[str, Any]:
    disk = (
        f"{storage}:vm-{vmid}-disk-0,size=1G" if storage == "tank" else f"{storage}:{vmid}/vm-{vmid}-disk-0.raw,size=1G"
    )
    config = {"name": f"vm{vmid}", "scsi0": disk} if kind == "qemu" else {"hostname": f"ct{vmid}", "rootfs": disk}
    return {"vmid": vmid, "type": kind, "node": node, "status": "running", "config": config}


GUESTS = [guest(100), guest(101, TWO), guest(102, TWO, "lxc")]
SEED: dict[str, Any] = {"guests": GUESTS, "pools": [{"poolid": "prod", "guests": [100, 102]}]}


async def backups(api: Api) -> list[dict[str, Any]]:
    return list(await api.get(f"/nodes/{ONE}/storage/shared-nfs/content", content="backup"))


async def tasks(api: Api, kind: str) -> list[dict[str, Any]]:
    return [t for t in reversed(await api.get("/cluster/tasks")) if t["type"] == kind]


async def test_a_backup_job_runs_at_its_time_on_each_node() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=SEED) as api:
        job = {"id": "nightly", "schedule": "21:00", "all": 1, "exclude": "101,9000", "storage": "shared-nfs"}
        job |= {"mode": "snapshot", "compress": "zstd", "notes-template": "{{guestname}} on {{node}}"}
        await api.do("POST", "/cluster/backup", **job)
        [row] = await api.get("/cluster/backup")
        assert row["next-run"] == NOON + 9 * 3600
        await clock.pass_time(9 * 3600 - 1)
        assert await backups(api) == []
        await clock.pass_time(300)
        found = {b["vmid"]: b for b in await backups(api)}
        assert set(found) == {100, 102}
        assert found[100]["volid"] == "shared-nfs:backup/vzdump-qemu-100-2026_11_21-21_00_00.vma.zst"
        assert found[100]["notes"] == f"vm100 on {ONE}"
        assert found[102]["subtype"] == "lxc"
        assert found[100]["size"] > 10_000_000
        done = await tasks(api, "vzdump")
        # The third node has no guest, and says so in an empty task.
        assert [(t["node"], t["id"], t["user"], t["status"]) for t in done] == [
            (ONE, "100", "root@pam", "OK"),
            (TWO, "102", "root@pam", "OK"),
            (THREE, "", "root@pam", "OK"),
        ]
        log = [line["t"] for line in await api.get(f"/nodes/{ONE}/tasks/{done[0]['upid']}/log")]
        assert log[0].startswith("INFO: starting new backup job: vzdump 100 --quiet 1 --")
        assert "INFO: Finished Backup of VM 100 (00:00:01)" in log
        [row] = await api.get("/cluster/backup")
        assert row["next-run"] == NOON + 33 * 3600


async def test_retention_follows_each_backup_and_spares_protected_ones() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=SEED) as api:
        job = {"id": "nightly", "schedule": "daily", "vmid": "100", "storage": "shared-nfs"}
        await api.do("POST", "/cluster/backup", **job, **{"prune-backups": "keep-last=2"})
        await clock.pass_time(1.5 * DAY)
        [first] = await backups(api)
        content = f"/nodes/{ONE}/storage/shared-nfs/content"
        await api.do("PUT", f"{content}/{first['volid']}", protected=1)
        await clock.pass_time(3 * DAY)
        days = [b["volid"].rpartition("100-")[2][:10] for b in await backups(api)]
        assert days == ["2026_11_22", "2026_11_24", "2026_11_25"]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"pool": "prod"}, {100, 102}),
        ({"vmid": "101,102"}, {101, 102}),
        ({"all": 1, "node": TWO}, {101, 102}),
        ({"all": 1, "enabled": 0}, set()),
    ],
)
async def test_a_job_covers_what_it_selects(selection: dict[str, Any], expected: set[int]) -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=SEED) as api:
        await api.do("POST", "/cluster/backup", id="job1", schedule="hourly", storage="shared-nfs", **selection)
        await clock.pass_time(4000)
        assert {b["vmid"] for b in await backups(api)} == expected


async def test_a_guest_that_fails_does_not_stop_the_others() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=SEED) as api:
        api.sim.faults.lock_guest(101, "snapshot")
        await api.do("POST", "/cluster/backup", id="job1", schedule="hourly", storage="shared-nfs", vmid="101,102")
        await clock.pass_time(4000)
        assert {b["vmid"] for b in await backups(api)} == {102}
        [task] = await tasks(api, "vzdump")
        assert task["status"] == "job errors"
        log = [line["t"] for line in await api.get(f"/nodes/{TWO}/tasks/{task['upid']}/log")]
        assert "ERROR: Backup of VM 101 failed - VM is locked (snapshot)" in log


async def test_jobs_change_while_they_wait() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=SEED) as api:
        await api.do("POST", "/cluster/backup", id="job1", schedule="hourly", storage="shared-nfs", vmid="100")
        await clock.pass_time(600)
        await api.do("PUT", "/cluster/backup/job1", enabled=0)
        await clock.pass_time(3 * 3600)
        await api.do("PUT", "/cluster/backup/job1", enabled=1)
        await clock.pass_time(60)
        assert await backups(api) == [], "what fell into its leave is not made up for"
        await api.do("PUT", "/cluster/backup/job1", schedule="*/30")
        await clock.pass_time(1800)
        assert len(await backups(api)) == 1
        await api.do("DELETE", "/cluster/backup/job1")
        await clock.pass_time(DAY)
        assert len(await backups(api)) == 1
        assert api.sim._daemons.names == []


@pytest.mark.parametrize(("repeat", "expected"), [(0, 0), (1, 1)])
async def test_missed_times_are_repeated_if_the_job_says_so(tmp_path: Any, repeat: int, expected: int) -> None:
    file, clock = tmp_path / "c.json", SteppedClock(NOON)
    async with running(persist=file, clock=clock, time_scale=1.0, seed=SEED) as api:
        job = {"id": "job1", "schedule": "daily", "storage": "shared-nfs", "vmid": "100", "repeat-missed": repeat}
        await api.do("POST", "/cluster/backup", **job)
        await clock.pass_time(60)
    later = SteppedClock(NOON + 3 * DAY)
    async with running(persist=file, clock=later, time_scale=1.0) as api:
        await later.pass_time(300)
        assert len(await backups(api)) == expected


class CountingClock(ScaledClock):
    """Real time that tells how often somebody asked it to wait."""

    waits = 0

    async def until(self, moment: float) -> None:
        self.waits += 1
        await super().until(moment)


async def test_without_waiting_schedules_still_follow_the_calendar() -> None:
    clock = CountingClock()
    async with running(seed=SEED, clock=clock) as api:
        await api.do("POST", "/cluster/backup", id="job1", schedule="*:*:00/5", storage="shared-nfs", vmid="100")
        await api.do("POST", "/cluster/backup", id="job2", schedule="1970-1-1", storage="shared-nfs", vmid="100")
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(await tasks(api, "vzdump")) <= 1, "no faster than the clock"
        assert clock.waits <= 5, "waiting costs nothing"


async def test_realms_are_asked_for_and_cannot_be_reached() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0) as api:
        realm = {"realm": "corp", "type": "ldap", "base_dn": "dc=x", "server1": "ldap.test", "user_attr": "uid"}
        await api.do("POST", "/access/domains", **realm)
        await api.do("POST", "/cluster/jobs/realm-sync/sync", realm="corp", schedule="hourly", scope="both")
        [row] = await api.get("/cluster/jobs/realm-sync")
        assert (row["last-run"], row["next-run"]) == (None, NOON + 3600)
        await clock.pass_time(3700)
        [row] = await api.get("/cluster/jobs/realm-sync")
        assert (row["last-run"], row["next-run"]) == (NOON + 3600, NOON + 7200)
        [task] = await tasks(api, "auth-realm-sync")
        assert task["status"] == "unable to connect to LDAP server 'ldap.test'"


# --- replication --------------------------------------------------------------------------------------

TANK: dict[str, Any] = {
    "storages": [
        {"storage": "local", "type": "dir", "path": "/var/lib/vz", "content": "iso,backup,images"},
        {"storage": "tank", "type": "zfspool", "pool": "tank", "content": "images,rootdir"},
    ],
    "guests": [guest(100, storage="tank")],
}


async def replica(api: Api, node: str) -> list[str]:
    return [v["volid"] for v in await api.get(f"/nodes/{node}/storage/tank/content")]


async def state(api: Api, node: str = ONE) -> dict[str, Any]:
    return dict(await api.get(f"/nodes/{node}/replication/100-0/status"))


async def test_replication_copies_on_schedule_and_reports_failures() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=TANK) as api:
        await api.do("POST", "/cluster/replication", id="100-0", type="local", target=TWO)
        before = await state(api)
        assert (before["last_sync"], before["next_sync"], before["fail_count"]) == (0, NOON + 900, 0)
        assert await replica(api, TWO) == []
        await clock.pass_time(960)
        assert await replica(api, TWO) == ["tank:vm-100-disk-0"]
        after = await state(api)
        assert (after["last_sync"], after["next_sync"]) == (NOON + 900, NOON + 1800)
        assert after["duration"] > 0
        log = [line["t"] for line in await api.get(f"/nodes/{ONE}/replication/100-0/log")]
        assert log[-1].endswith("100-0: end replication job")
        assert any("full sync 'tank:vm-100-disk-0'" in line for line in log)

        api.sim.faults.node_down(TWO)
        await clock.pass_time(900)
        failed = await state(api)
        assert (failed["fail_count"], failed["last_sync"]) == (1, NOON + 900)
        assert failed["next_sync"] == failed["last_try"] + 300
        assert "exit code 255" in failed["error"]
        api.sim.faults.node_up(TWO)
        await clock.pass_time(320)
        assert (await state(api))["fail_count"] == 0

        await api.do("POST", f"/nodes/{ONE}/replication/100-0/schedule_now")
        await clock.pass_time(10)
        assert (await state(api))["last_sync"] == clock.now() - 10

        await api.do("DELETE", "/cluster/replication/100-0")
        assert [j["remove_job"] for j in await api.get("/cluster/replication")] == ["full"]
        await clock.pass_time(10)
        assert await api.get("/cluster/replication") == []
        assert await replica(api, TWO) == []
        assert await replica(api, ONE) == ["tank:vm-100-disk-0"]


async def test_a_guest_moves_to_its_copy_and_is_copied_back() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=TANK) as api:
        await api.do("POST", "/cluster/replication", id="100-0", type="local", target=TWO, schedule="*/5")
        await clock.pass_time(310)
        upid = await api.do("POST", f"/nodes/{ONE}/qemu/100/migrate", target=TWO, online=1, **{"with-local-disks": 1})
        await clock.pass_time(30)
        assert await api.ended(upid) == "OK"
        log = [line["t"] for line in await api.get(f"/nodes/{ONE}/tasks/{upid}/log")]
        assert any("found local, replicated disk 'tank:vm-100-disk-0'" in line for line in log)
        job = await api.get("/cluster/replication/100-0")
        assert (job["source"], job["target"]) == (TWO, ONE)
        assert await replica(api, ONE) == ["tank:vm-100-disk-0"]
        await clock.pass_time(400)
        assert (await state(api, TWO))["fail_count"] == 0


async def test_replicated_guests_survive_their_node_under_ha() -> None:
    clock = SteppedClock(NOON)
    async with running(clock=clock, time_scale=1.0, seed=TANK) as api:
        await api.do("POST", "/cluster/replication", id="100-0", type="local", target=TWO)
        await api.do("POST", "/cluster/ha/resources", sid="vm:100")
        await api.do(
            "POST", "/cluster/ha/rules", rule="near", type="node-affinity", nodes=f"{ONE},{TWO}", resources="vm:100"
        )
        await clock.pass_time(1000)
        api.sim.faults.node_down(ONE)
        await clock.pass_time(300)
        [row] = [r for r in await api.get("/cluster/resources", type="vm") if r["vmid"] == 100]
        assert (row["node"], row["status"]) == (TWO, "running")


async def test_what_cannot_be_replicated_is_refused() -> None:
    seed = {
        **TANK,
        "guests": [*TANK["guests"], guest(101, storage="local"), {"vmid": 102, "type": "qemu", "config": {}}],
    }
    async with running(seed=seed) as api:
        path = "/cluster/replication"
        raw = await api.call("POST", path, id="101-0", type="local", target=TWO)
        assert raw.reason == "missing replicate feature on volume 'local:101/vm-101-disk-0.raw'"
        nothing = await api.call("POST", path, id="102-0", type="local", target=TWO)
        assert nothing.reason == "No replicatable volumes found"
        await api.do("POST", path, id="100-0", type="local", target=TWO)
        assert (await api.call("POST", path, id="100-1", type="local", target=TWO)).status == 500
        assert await api.run("POST", f"/nodes/{ONE}/qemu/100/status/stop") == "OK"
        tied = await api.call("DELETE", f"/nodes/{ONE}/qemu/100")
        assert tied.reason == "There is a replication job '100-0' for guest '100' - Please remove that first."
        await api.do("POST", "/cluster/backup", id="job1", schedule="daily", storage="local", vmid="100,101")
        assert await api.run("DELETE", f"/nodes/{ONE}/qemu/100", purge=1) == "OK"
        assert (await api.get("/cluster/backup/job1"))["vmid"] == "101"
