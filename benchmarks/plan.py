"""Claim: a plan of 1,000 unchanged VMs that came to nothing before costs at most 1.5 times what bare aiohttp needs to
fetch the same URLs; made anew it reads each configuration once, besides a handful of collections. Ansible's module is
asked the same of a few VMs, for comparison."""

from __future__ import annotations

import json
import subprocess

from benchmarks import _ansible
from benchmarks._measure import Figure, Place, cli, cluster, place

FLEET = 1530
"""Made-up guests; two of three are VMs, which makes more than 1,000 of them."""
VMS = 1000
MOST_REQUESTS = 10
"""What a plan may read besides the guests' configurations: version, bulk rows, storages, pools …"""
MOST_TIMES = 1.5
"""Wall time of a plan that finds everything as it was, in multiples of the bare fetch with the same imports."""
MOST_RATIO = 15.0
"""CPU of a plan that is made anew, beyond its imports, in multiples of bare aiohttp's for the same configurations."""
FEW = 25
"""VMs that Ansible is asked about: it takes seconds for these."""


def measure() -> list[Figure]:
    """Take over 1,000 VMs as they are, then plan them again and again: nothing is to do."""
    with place() as here, cluster(here, "--http", "--guests", str(FLEET)) as reach:
        items = _export(here, reach)
        (here.folder / "fleet.yaml").write_text("\n---\n".join(map(json.dumps, items)))
        here.run(cli("apply", "--adopt", "-f", "fleet.yaml", "--yes"), reach)
        anew = [("plan", "-f", "fleet.yaml", "--exit-code", *more) for more in ((), ("--prune",))]
        seen = here.spy(*anew[0], env=reach)
        # What configures a guest is read at one of these two, as it runs or not.
        configs = [url for url in seen["urls"] if url.endswith(("/config", "/pending"))]
        imports, fetch, plan, _ = here.compare(
            here.bare(seen, "imports", fetch=False),
            here.bare({**seen, "urls": configs}, "configs", fetch=True),
            # In turns, each with another wish than the last: neither finds what it would remember.
            *(cli(*words) for words in anew),
            runs=3,
            env=reach,
        )
        here.run(cli(*anew[0]), reach)
        quiet_seen = here.spy(*anew[0], env=reach)
        floor, quiet = here.compare(here.bare(quiet_seen, "all", fetch=True), cli(*anew[0]), runs=5, env=reach)
        ansible = _ansible.unchanged(here, reach, [item["metadata"]["name"] for item in items[:FEW]])
    own, bare = plan.cpu_s - imports.cpu_s, fetch.cpu_s - imports.cpu_s
    return [
        Figure("configurations read", len(configs), "GET", VMS + 1),
        Figure("other requests", len(seen["urls"]) - len(configs), "GET", MOST_REQUESTS),
        Figure("floor: bare aiohttp, the same imports and URLs, wall time", floor.wall_s, "s"),
        Figure("plan that came to nothing before, wall time", quiet.wall_s, "s"),
        Figure("as a multiple of the floor", quiet.wall_s / floor.wall_s, "x", MOST_TIMES),
        Figure("plan made anew, wall time", plan.wall_s, "s"),
        Figure("its CPU without imports, as a multiple of bare aiohttp's", own / bare, "x", MOST_RATIO),
        Figure("plan that came to nothing before, per VM", quiet.wall_s / VMS * 1000, "ms"),
        *_ansible.figures(f"ansible, {FEW} unchanged VMs, per VM", ansible, FEW),
    ]


def _export(here: Place, reach: dict[str, str]) -> list[dict[str, object]]:
    """1,000 VMs as manifests, with the VMIDs that they have."""
    command = cli("get", "vms", "-o", "json")
    done = subprocess.run(command, env={**here.env, **reach}, capture_output=True, check=True)
    items = [item for item in json.loads(done.stdout)["items"] if not item["status"].get("template")][:VMS]
    if len(items) < VMS:
        raise RuntimeError(f"the fleet has {len(items)} VMs, not {VMS}")
    return [{k: v for k, v in item.items() if k not in ("identity", "status")} for item in items]
