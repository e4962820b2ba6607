"""Retention rules: over the API, and against an oracle that thinks in periods instead of marks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.simulator.answers.storage import _pruning
from tests.unit.simulator.api import Api, running

PRUNE = "/nodes/pve-node1/storage/local/prunebackups"


def name(vmid: int, moment: str, kind: str = "qemu") -> str:
    return f"local:backup/vzdump-{kind}-{vmid}-{moment}.{'vma' if kind == 'qemu' else 'tar'}.zst"


MOMENTS = ("2026_10_30-01_00_00", "2026_11_19-01_00_00", "2026_11_20-01_00_00", "2026_11_20-13_00_00")
FILES = [
    *(name(100, moment) for moment in MOMENTS),
    name(101, "2026_11_20-01_00_00", "lxc"),
    "local:backup/vzdump-qemu-100-by-hand.vma",
]
SEED: dict[str, Any] = {"files": [{"volid": file, "node": "pve-node1"} for file in FILES]}


async def marks(api: Api, **query: Any) -> dict[str, str]:
    return {row["volid"]: row["mark"] for row in await api.get(PRUNE, **query)}


async def test_rules_are_previewed_and_carried_out() -> None:
    async with running(seed=SEED) as api:
        keep = {"prune-backups": "keep-daily=2,keep-monthly=2"}
        found = await marks(api, **keep)
        assert [found[name(100, m)] for m in MOMENTS] == ["keep", "keep", "remove", "keep"]
        assert found["local:backup/vzdump-qemu-100-by-hand.vma"] == "renamed"
        assert found[name(101, "2026_11_20-01_00_00", "lxc")] == "keep"
        assert set(await marks(api, type="lxc", **keep)) == {name(101, "2026_11_20-01_00_00", "lxc")}
        content = "/nodes/pve-node1/storage/local/content"
        await api.do("PUT", f"{content}/{name(100, MOMENTS[0])}", protected=1)
        found = await marks(api, vmid=100, **{"prune-backups": "keep-last=1"})
        assert [found[name(100, m)] for m in MOMENTS] == ["protected", "remove", "remove", "keep"]
        assert await api.run("DELETE", PRUNE, vmid=100, **{"prune-backups": "keep-last=1"}) == "OK"
        left = {row["volid"] for row in await api.get(content, content="backup", vmid=100)}
        assert left == {name(100, MOMENTS[0]), name(100, MOMENTS[3]), "local:backup/vzdump-qemu-100-by-hand.vma"}


async def test_a_storage_has_rules_of_its_own() -> None:
    async with running(seed=SEED) as api:
        assert set((await marks(api, vmid=100)).values()) == {"keep", "renamed"}
        await api.do("PUT", "/storage/local", **{"prune-backups": "keep-last=1"})
        assert list((await marks(api, vmid=100)).values()).count("remove") == 3
        assert list((await marks(api, vmid=100, **{"prune-backups": "keep-all=1"})).values()).count("remove") == 0


START = datetime(2023, 12, 20, tzinfo=UTC)
HOURS = st.integers(0, 24 * 500)
KEEP = st.fixed_dictionaries({}, optional={rule: st.integers(0, 5) for rule in _pruning._PERIODS})


def expected(moments: list[datetime], keep: dict[str, int]) -> set[int]:
    """For each rule, of the newest periods that nothing is kept of yet, the newest backup."""
    periods: dict[str, Any] = {
        "keep-last": lambda m: m,
        "keep-hourly": lambda m: (m.date(), m.hour),
        "keep-daily": lambda m: m.date(),
        "keep-weekly": lambda m: m.isocalendar()[:2],
        "keep-monthly": lambda m: (m.year, m.month),
        "keep-yearly": lambda m: m.year,
    }
    result: set[datetime] = set()
    for rule, period in periods.items():
        open_periods = {period(m) for m in moments} - {period(m) for m in result}
        best = {p: max(m for m in moments if period(m) == p) for p in open_periods}
        result |= set(sorted(best.values(), reverse=True)[: keep.get(rule, 0)])
    return {i for i, m in enumerate(moments) if m in result}


@given(hours=st.lists(HOURS, max_size=40, unique=True), keep=KEEP)
def test_rules_keep_what_the_documentation_says(hours: list[int], keep: dict[str, int]) -> None:
    moments = [START + timedelta(hours=hour) for hour in hours]
    rules = _pruning.rules(",".join(f"{k}={v}" for k, v in keep.items()))
    found = _pruning.kept([m.timestamp() for m in moments], rules)
    assert found == (expected(moments, keep) if any(keep.values()) else set(range(len(moments))))
