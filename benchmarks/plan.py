"""Claim: a plan of 1,000 unchanged VMs reads each configuration once, and besides a handful of collections; its CPU
time is a small multiple of what bare aiohttp needs to fetch the same configurations."""

from __future__ import annotations

import json
import subprocess

from benchmarks._measure import Figure, Place, cli, cluster, place

FLEET = 1530
"""Made-up guests; two of three are VMs, which makes more than 1,000 of them."""
VMS = 1000
MOST_REQUESTS = 10
"""What a plan may read besides the guests' configurations: version, bulk rows, storages, pools …"""
MOST_RATIO = 15.0
"""CPU of a plan beyond its imports, in multiples of bare aiohttp's for the same configurations."""


def measure() -> list[Figure]:
    """Take over 1,000 VMs as they are, then plan them again and again: nothing is to do."""
    with place() as here, cluster(here, "--http", "--guests", str(FLEET)) as reach:
        (here.folder / "fleet.yaml").write_text(_export(here, reach))
        here.run(cli("apply", "--adopt", "-f", "fleet.yaml", "--yes"), reach)
        seen = here.spy("plan", "-f", "fleet.yaml", "--exit-code", env=reach)
        configs = {**seen, "urls": [url for url in seen["urls"] if url.endswith(("/config", "/pending"))]}
        imports, fetch, plan = here.compare(
            here.bare(seen, "imports", fetch=False),
            here.bare(configs, "configs", fetch=True),
            cli("plan", "-f", "fleet.yaml", "--exit-code"),
            runs=3,
            env=reach,
        )
    own, bare = plan.cpu_s - imports.cpu_s, fetch.cpu_s - imports.cpu_s
    return [
        Figure("configurations read", len(configs["urls"]), "GET", VMS + 1),
        Figure("other requests", len(seen["urls"]) - len(configs["urls"]), "GET", MOST_REQUESTS),
        Figure("floor: bare aiohttp, per guest", bare / VMS * 1000, "ms CPU"),
        Figure("plan without its imports, per guest", own / VMS * 1000, "ms CPU"),
        Figure("plan as a multiple of bare aiohttp", own / bare, "x", MOST_RATIO),
        Figure("plan, wall time", plan.wall_s, "s"),
        Figure("bare aiohttp, wall time", fetch.wall_s, "s"),
    ]


def _export(here: Place, reach: dict[str, str]) -> str:
    """1,000 VMs as manifests, with the VMIDs that they have."""
    command = cli("get", "vms", "-o", "json")
    done = subprocess.run(command, env={**here.env, **reach}, capture_output=True, check=True)
    items = [item for item in json.loads(done.stdout)["items"] if not item["status"].get("template")][:VMS]
    if len(items) < VMS:
        raise RuntimeError(f"the fleet has {len(items)} VMs, not {VMS}")
    return "\n---\n".join(
        json.dumps({k: v for k, v in item.items() if k not in ("identity", "status")}) for item in items
    )
