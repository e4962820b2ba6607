"""A tunnel through which a guest comes in from another cluster. None outlives the process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from proxmox_mpc.simulator.state.guest import Guest


@dataclass
class Tunnel:
    """`guest` is what arrives, `volumes` what was made for it; `is_complete` once the other side said so."""

    guest: Guest
    user: str
    storages: list[str]
    volumes: list[str] = field(default_factory=list)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    is_complete: bool = False
