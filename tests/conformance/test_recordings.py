"""The simulator against recordings of a real PVE 9.1.7: every request again, every answer compared.

`exact` compares texts, values, types and task logs. The floors only ever rise: when an area answers more steps
exactly than its floor says, raise the floor.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.process import simulator

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"

# Steps that must be answered exactly, by area (steps in all: see the printed table).
FLOORS = {
    "access": 368,
    "acme": 40,
    "auth": 107,
    "backup": 29,
    "cluster": 193,
    "cluster-backup": 87,
    "cluster-jobs": 37,
    "cluster-options": 82,
    "firewall": 499,
    "ha": 127,
    "http": 51,
    "lxc": 75,
    "lxc-clone": 36,
    "lxc-config": 93,
    "lxc-lifecycle": 26,
    "lxc-snapshot": 19,
    "mapping": 47,
    "metrics": 42,
    "node": 221,
    "node-network": 96,
    "nodes": 37,
    "notifications": 38,
    "permissions": 448,
    "pools": 87,
    "replication": 24,
    "sdn": 434,
    "storage": 517,
    "tasks": 69,
    "vm-clone": 28,
    "vm-cloudinit": 41,
    "vm-config": 261,
    "vm-console": 39,
    "vm-create": 129,
    "vm-disk": 59,
    "vm-lifecycle": 36,
    "vm-snapshot": 34,
    "vm-template": 15,
}


def replay(folder: str, report: Path) -> dict[str, Any]:
    """Replay all recordings of a folder against a fresh simulator; answers the report."""
    files = sorted(map(str, (RECORDINGS / folder).glob("*.json")))
    with simulator("--preset", "golden", "--password", "recorded") as greeting:
        subprocess.run(
            [
                *(sys.executable, str(HERE / "scenario.py"), "replay", "--base-url", greeting["url"]),
                *("--user", "root@pam", "--password", "recorded", "--sleep-factor", "0.02"),
                *("--report", str(report), *files),
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    return json.loads(report.read_text())


@pytest.fixture(scope="module")
def areas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    """Steps and exactly answered steps by area, over both folders (replayed at the same time)."""
    folder = tmp_path_factory.mktemp("replay")
    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(lambda name: replay(name, folder / name), ("guests", "objects")))
    found: dict[str, dict[str, int]] = {}
    for report in reports:
        for area, row in report["areas"].items():
            total = found.setdefault(area, {"steps": 0, "exact": 0, "shape": 0})
            for key in total:
                total[key] += row[key]
    table = [f"{'area':<20}{'steps':>7}{'exact':>7}{'%':>7}"]
    for area, row in sorted(found.items()):
        table.append(f"{area:<20}{row['steps']:>7}{row['exact']:>7}{100 * row['exact'] / row['steps']:>7.1f}")
    print("\n" + "\n".join(table))
    return found


def test_every_area_is_known(areas: dict[str, dict[str, int]]) -> None:
    assert set(areas) == set(FLOORS)


@pytest.mark.parametrize("area", sorted(FLOORS))
def test_area_reaches_its_floor(areas: dict[str, dict[str, int]], area: str) -> None:
    assert areas[area]["exact"] >= FLOORS[area], f"{area}: {areas[area]}"
