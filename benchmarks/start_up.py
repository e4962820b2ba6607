"""Claim: `proxmox-cli version` costs less than 0.1 s of CPU more than bare Python."""

from __future__ import annotations

import sys

from benchmarks._measure import Figure, cli, place

LIMIT_S = 0.1


def measure() -> list[Figure]:
    """The console script and the module, each as excess over `python -c pass` of the same interpreter."""
    with place() as here:
        python = [sys.executable, "-c", "pass"]
        bare, script, module, helped = here.compare(
            python, cli("version"), [sys.executable, "-m", "proxmox_mpc", "version"], cli("--help")
        )
    return [
        Figure("floor: python -c pass", bare.cpu_s, "s CPU"),
        Figure("proxmox-cli version, above the floor", script.cpu_s - bare.cpu_s, "s CPU", LIMIT_S),
        Figure("python -m proxmox_mpc version, above the floor", module.cpu_s - bare.cpu_s, "s CPU", LIMIT_S),
        Figure("proxmox-cli --help, above the floor", helped.cpu_s - bare.cpu_s, "s CPU"),
    ]
