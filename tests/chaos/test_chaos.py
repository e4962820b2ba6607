"""Random wishes under random faults: when calm returns, what lives is what is declared, and nothing was lost.

Each run is a seed. `pytest tests/chaos -k seed-17` plays one again; `CHAOS_SEEDS=1000-1400` plays others. The tally at
the end says how many faults were met.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import settings

from tests.chaos import wishes
from tests.chaos.child import Hurdle
from tests.chaos.tally import MET
from tests.chaos.world import World, world

FLAGS = ("--prune", "--allow", "data-loss", "--max-deletions", "99", "--yes", "--app", "chaos")
MOST_STEPS = 60
"""An apply of these wishes writes about so many lines into its journal."""
TRIES = 6
"""So often somebody types `apply --resume` before it counts as stuck."""


def seeds() -> list[int]:
    if asked := os.environ.get("CHAOS_SEEDS"):
        first, _, last = asked.partition("-")
        return list(range(int(first), int(last or first) + 1))
    return list(range(400 if settings.get_current_profile_name() == "soak" else 16))


@pytest.mark.parametrize("seed", [pytest.param(seed, id=f"seed-{seed}") for seed in seeds()])
def test_after_the_storm_everything_is_as_declared(
    seed: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    dice = Random(seed)
    with world(tmp_path) as it:
        wish = wishes.made(dice)
        for turn in range(dice.randint(1, 3)):
            if turn:
                wish = wishes.changed(wish, dice, turn)
            _storm(it, wish, dice)
            found = _after(it, wish)
            assert not found, _story(seed, it, found)
            it.remember_disks()
        record_property(
            MET, dict(Counter(re.findall(r"^\[chaos\] (kill -9|Ctrl-C|second writer|\w+) ", it.said(), re.MULTILINE)))
        )


def _storm(it: World, wish: wishes.Wish, dice: Random) -> None:
    """Apply a wish while all sorts of things happen; some go on in the bad weather."""
    (it.folder / "wish.yaml").write_text(wish.text)
    # Whatever is not wished for any more may go, with its disks, and so may disks that are not, or that move away.
    it.kept -= _given_up(it, wish)
    # Power that nobody declares stays as it is; but another client may switch, and a dead node does.
    it.power = {
        key: row["status"]
        for key, row in it.ours().items()
        if "state" not in wish.documents.get(key, {}).get("spec", {})
    }
    wanted = {name for _, name in wish.guests()}
    going = {
        str(row["vmid"]) for row in it.rows() if row.get("name") not in wanted and int(row["vmid"]) not in it.known
    }
    it.kept = {volume for volume in it.kept if not any(f"-{vmid}-" in volume for vmid in going)}
    safe = ["--snapshot-where-possible"] if dice.random() < 0.3 else []
    it("apply", "-f", "wish.yaml", *FLAGS, *safe, "--lock-timeout", "1", hurdles=_hurdles(it, wish, dice))
    while dice.random() < 0.4:
        it("apply", "--resume", "--app", "chaos", "--yes", "--lock-timeout", "1", hurdles=_hurdles(it, wish, dice))


def _given_up(it: World, wish: wishes.Wish) -> set[str]:
    """Volumes in slots that are wished for no more, or on another storage."""
    found = set()
    for key, row in it.ours().items():
        if "disks" not in (spec := wish.documents.get(key, {}).get("spec", {})):
            continue
        wanted = {disk["slot"]: disk["storage"] for disk in spec["disks"]}
        for slot, text in it.config(row).items():
            volume = str(text).split(",")[0]
            if re.fullmatch(r"scsi\d+", slot) and wanted.get(slot) != volume.partition(":")[0]:
                found.add(volume)
    return found


def _after(it: World, wish: wishes.Wish) -> list[str]:
    """Calm, and `apply --resume` until it is well; then whatever is not as it must be."""
    it.calm()
    for _ in range(TRIES):
        code = it("apply", "--resume", "--app", "chaos", "--yes", "--lock-timeout", "5")
        if code in (0, 5):
            break
        it.clear_half_made()
    else:
        return ["apply --resume does not come to an end"]
    for stranger in it.rows():
        if str(stranger.get("name", "")).startswith("stranger"):
            it.known[int(stranger["vmid"])] = str(stranger["name"])
    # What another client did after our step was done is drift, and nothing was begun by who was refused at once.
    if code == 5 or "[chaos] second writer" in it.said():
        for _ in range(TRIES):
            if it("apply", "-f", "wish.yaml", *FLAGS) == 0:
                break
            it.clear_half_made()
    if (code := it("plan", "-f", "wish.yaml", "--prune", "--app", "chaos", "--exit-code")) != 0:
        return [f"the plan is not empty (exit code {code})", *it.violations(wish)]
    return it.violations(wish)


def _hurdles(it: World, wish: wishes.Wish, dice: Random) -> list[Hurdle]:
    return [_hurdle(it, wish, dice, number) for number in range(dice.randint(0, 4))]


def _hurdle(it: World, wish: wishes.Wish, dice: Random, number: int) -> Hurdle:
    step, after = dice.randint(1, MOST_STEPS), dice.random() < 0.5
    kind = dice.choice(
        ["kill", "kill", "stop", "request", "request", "node", "quorum", "task", "lock", "writer", "writer"]
    )
    if kind in ("kill", "stop"):
        return Hurdle(step, after, number=signal.SIGKILL if kind == "kill" else signal.SIGINT)
    if kind == "writer":
        return Hurdle(step, after, request=_other_client(it, dice, number))
    return Hurdle(step, after, fault=_fault(it, kind, dice))


def _fault(it: World, kind: str, dice: Random) -> dict[str, object]:
    if kind == "node":
        return {"fault": "node_down", "name": dice.choice(wishes.NODES)}
    if kind == "quorum":
        return {"fault": "quorum_lost"}
    if kind == "task":
        type_ = dice.choice(["qmcreate", "qmclone", "qmstart", "qmigrate", "vzcreate", "qmconfig", ".*"])
        error = dice.choice(["no space left on device", "can't lock file '/var/lock/x.conf' - got timeout", "timeout"])
        return {"fault": "fail_task", "type": type_, "error": error, "times": dice.randint(1, 2)}
    if kind == "lock":
        guests = [int(row["vmid"]) for row in it.rows() if int(row["vmid"]) not in it.known]
        return {"fault": "lock_guest", "vmid": dice.choice(guests or [9000]), "lock": "backup"}
    method = dice.choice(["GET", "POST|PUT|DELETE", "POST|PUT|DELETE"])
    times = dice.randint(1, 3)
    if dice.random() < 0.5:
        return {"fault": "drop", "method": method, "times": times, "done": dice.random() < 0.5}
    status, reason = dice.choice(
        [
            (596, "Connection timed out"),
            (595, "No route to host"),
            (503, "Service Unavailable"),
            (500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"),
            (500, "cluster not ready - no quorum?"),
            (500, "internal trouble"),
        ]
    )
    return {"fault": "answer", "status": status, "reason": reason, "method": method, "times": times}


def _other_client(it: World, dice: Random, number: int) -> tuple[str, str, dict[str, object]]:
    """Somebody else at work, who takes VMIDs and changes what is ours."""
    ours = [row for row in it.rows() if int(row["vmid"]) not in it.known and row["type"] == "qemu"]
    if not ours or dice.random() < 0.4:
        vmid = int(it.api("GET", "/cluster/nextid")) + dice.randint(0, 3)
        form = {"vmid": vmid, "name": f"stranger-{vmid}-{number}", "scsi0": "local-lvm:1"}
        return "POST", f"/nodes/{dice.choice(wishes.NODES)}/qemu", form
    row = dice.choice(ours)
    path = f"/nodes/{row['node']}/qemu/{row['vmid']}"
    if dice.random() < 0.2:
        return "POST", f"{path}/migrate", {"target": dice.choice([n for n in wishes.NODES if n != row["node"]])}
    if dice.random() < 0.2:
        return "POST", f"{path}/status/{dice.choice(['start', 'stop'])}", {}
    form = dice.choice([{"cores": 7}, {"memory": 448}, {"tags": "theirs"}, {"description": "their own words"}])
    return "PUT", f"{path}/config", dict(form)


def _story(seed: int, it: World, found: list[str]) -> str:
    return "\n".join([f"seed {seed}:", *(f"  {line}" for line in found), "", it.said()[-6000:]])
