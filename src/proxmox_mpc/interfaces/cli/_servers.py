"""Servers that this user is logged in to: finding them, logging in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.servers import Servers


def servers() -> Servers:
    """The file of servers."""
    from proxmox_mpc.bootstrap.servers import Servers
    from proxmox_mpc.settings import Settings

    return Servers.of(Settings.load())
