"""/nodes/{node}/subscription: a key of the right form is good for a year; nobody is asked."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers

_PATH = "/nodes/{node}/subscription"
_URL = "https://www.proxmox.com/en/proxmox-virtual-environment/pricing"
_LEVELS = {"c": "Community", "b": "Basic", "s": "Standard", "p": "Premium"}
_YEAR = timedelta(days=365)
# What everybody may see.
_PUBLIC = ("status", "message", "url", "level")


@answers("GET", _PATH)
def read(call: Call) -> Any:
    shown = _subscription(call)
    if call.may(f"/nodes/{call.node.name}", "Sys.Audit"):
        return shown
    return {key: shown[key] for key in _PUBLIC if key in shown}


def _subscription(call: Call) -> dict[str, Any]:
    settings = call.node.settings
    server = hashlib.md5(call.node.name.encode(), usedforsecurity=False).hexdigest().upper()
    key = re.fullmatch(r"pve(\d)([cbsp])-\w+", settings.get("subscription", ""))
    if key is None:
        return {"status": "notfound", "message": "There is no subscription key", "serverid": server, "url": _URL}
    checked = int(settings["subscription-checked"])
    begun = datetime.fromtimestamp(int(settings["subscription-begun"]), UTC)
    is_over = datetime.fromtimestamp(call.cluster.now(), UTC) > begun + _YEAR
    return {
        "status": "expired" if is_over else "active", "key": key[0], "level": key[2], "sockets": int(key[1]),
        "productname": f"Proxmox VE {_LEVELS[key[2]]} Subscription {key[1]} CPU/year", "serverid": server,
        "regdate": f"{begun:%Y-%m-%d %H:%M:%S}", "nextduedate": f"{begun + _YEAR:%Y-%m-%d}", "checktime": checked,
        "url": _URL,
    }  # fmt: skip


@answers("PUT", _PATH)
def set_key(call: Call) -> None:
    now = str(int(call.cluster.now()))
    key = call.text("key").strip()
    if call.node.settings.get("subscription") != key:
        call.node.settings["subscription-begun"] = now
    call.node.settings |= {"subscription": key, "subscription-checked": now}


@answers("POST", _PATH)
def refresh(call: Call) -> None:
    if "subscription" in call.node.settings:
        call.node.settings["subscription-checked"] = str(int(call.cluster.now()))


@answers("DELETE", _PATH)
def forget(call: Call) -> None:
    """There may be none, and that is fine (node-views, 9.1)."""
    for key in ("subscription", "subscription-begun", "subscription-checked"):
        call.node.settings.pop(key, None)
