"""Run one command line, and tell on the last line of stderr which libraries it imported and which URLs it read."""

from __future__ import annotations

import json
import sys
from typing import Any

from proxmox_mpc.interfaces.cli import run
from proxmox_mpc.pve.cluster import Cluster

URLS: list[str] = []
HEADERS: dict[str, str] = {}
_enter = Cluster.__aenter__


async def _entered(self: Cluster) -> Cluster:
    """The wire is imported only now, if it is at all: a command that asks no cluster shall not seem to need it."""
    from proxmox_mpc.pve._wire import Wire

    exchange = Wire.exchange

    async def noted(self: Wire, endpoint: str, method: str, path: str, headers: Any, **more: Any) -> Any:
        if method == "GET":
            URLS.append(f"{endpoint}/api2/json{path}")
            HEADERS.update(headers)
        return await exchange(self, endpoint, method, path, headers, **more)

    Wire.exchange = noted  # type: ignore[method-assign]
    return await _enter(self)


def _is_library(name: str) -> bool:
    """Whether a module belongs to an installed distribution: neither ours nor Python's own."""
    file = getattr(sys.modules[name], "__file__", None) or ""
    return "site-packages" in file and name.partition(".")[0] != "proxmox_mpc"


if __name__ == "__main__":
    Cluster.__aenter__ = _entered  # type: ignore[method-assign]
    code = run(sys.argv[1:])
    libraries = [name for name in sys.modules if _is_library(name)]
    print(json.dumps({"modules": libraries, "urls": URLS, "headers": HEADERS}), file=sys.stderr)
    sys.exit(code)
