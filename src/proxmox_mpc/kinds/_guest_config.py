"""A guest's config in one read: as it will be after the next start, and as the guest runs with it now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds._view import View

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestApi

Config = Mapping[str, Any]


async def read(api: GuestApi, view: View, where: Mapping[str, Any], *, running: bool) -> tuple[Config, Config]:
    """The config with all that is pending, and without it. What is stopped has nothing pending."""
    if not running:
        config = await view.pve.get(api.path("/config"), where)
        return config, config
    if api.raw_lines:
        config, rows = await asyncio.gather(
            view.pve.get(api.path("/config"), where), view.pve.get(api.path("/pending"), where)
        )
    else:
        rows = await view.pve.get(api.path("/pending"), where)
        config = {
            row["key"]: row.get("pending", row.get("value"))
            for row in rows
            if "delete" not in row and row.get("pending", row.get("value")) is not None
        }
    return config, _current(config, rows)


def _current(config: Config, rows: Iterable[Mapping[str, Any]]) -> Config:
    current = dict(config)
    for row in rows:
        if "pending" in row or "delete" in row:
            current.pop(row["key"], None)
            if row.get("value") is not None:
                current[row["key"]] = row["value"]
    return current
