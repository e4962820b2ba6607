"""The global lock of SDN: who holds its token may write, nobody else."""

from __future__ import annotations

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die

_FILE = "sdn/lock"


def holder(call: Call) -> str | None:
    """The token of the lock, if it is held."""
    token = call.cluster.files.get(_FILE, {}).get("lock", {}).get("token")
    return None if token is None else str(token)


def check(call: Call, prefix: str = "") -> None:
    """Refuse to write without the token while the lock is held (facts, 9.1)."""
    held = holder(call)
    if held is not None and call.text("lock-token") != held:
        die(f"{prefix}invalid lock token provided! at /usr/share/perl5/PVE/Network/SDN.pm line 412.")


def take(call: Call) -> str:
    token = call.cluster.new_uuid()
    call.cluster.files[_FILE] = {"lock": {"token": token}}
    return token


def release(call: Call) -> None:
    call.cluster.files.pop(_FILE, None)
