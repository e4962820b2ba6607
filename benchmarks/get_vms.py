"""Claim: `proxmox-cli get vms` of 1,000 guests costs less than 0.25 s of CPU more than importing its libraries and
fetching the same URLs with bare aiohttp; with the context from the environment, and from the store."""

from __future__ import annotations

from benchmarks._measure import Figure, Place, cli, cluster, place

GUESTS = 1000
LIMIT_S = 0.25


def measure() -> list[Figure]:
    """Both ways to the context, each against its own floor: a stored context needs more libraries."""
    with place() as here, cluster(here, "--http", "--guests", str(GUESTS)) as reach:
        login = ("--token-id", reach["PROXMOX_TOKEN_ID"], "--token-secret", reach["PROXMOX_TOKEN_SECRET"])
        here.run(cli("config", "set-context", "bench", "--endpoint", reach["PROXMOX_ENDPOINTS"], *login))
        return [
            *_compare(here, "context from the environment", reach),
            *_compare(here, "context from the store", {}),
        ]


def _compare(here: Place, how: str, env: dict[str, str]) -> list[Figure]:
    seen = here.spy("get", "vms", env=env)
    floor, imports, product = here.compare(
        here.bare(seen, "floor", fetch=True), here.bare(seen, "imports", fetch=False), cli("get", "vms"), env=env
    )
    return [
        Figure(f"{how}: requests", len(seen["urls"]), "GET"),
        Figure(f"{how}: floor, of which importing {imports.cpu_s:.3f}", floor.cpu_s, "s CPU"),
        Figure(f"{how}: get vms, above the floor", product.cpu_s - floor.cpu_s, "s CPU", LIMIT_S),
    ]
