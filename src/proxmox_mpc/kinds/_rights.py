"""What a login may see: lists leave out what it may not, so absence proves nothing to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from proxmox_mpc.kinds._view import View

# Who has these on `/` finds everything in every list (the lists' permissions, 8.4 and 9.1).
_AUDITS = {"Datastore.Audit", "Mapping.Audit", "Pool.Audit", "SDN.Audit", "Sys.Audit", "VM.Audit"}


async def sees_all(view: View) -> bool:
    """Whether this login may look at everything."""
    answer: Mapping[str, Mapping[str, Any]] = await view.once(
        "permissions", partial(view.pve.get, "/access/permissions")
    )
    return answer.get("/", {}).keys() >= _AUDITS
