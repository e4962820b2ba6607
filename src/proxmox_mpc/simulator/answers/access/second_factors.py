"""/access/tfa: second factors. Nobody has one here; adding them is not simulated yet."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers


@answers("GET", "/access/tfa/{userid}/{id}")
def read(call: Call) -> Any:
    raise ApiError(404, f"No such tfa entry '{call.text('id')}'\n")


@answers("PUT", "/access/tfa/{userid}/{id}")
@answers("DELETE", "/access/tfa/{userid}/{id}")
def change(call: Call) -> None:
    die("no such entry")
