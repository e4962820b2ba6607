"""Guests: configuration, pending changes, snapshots, and whether they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from proxmox_mpc.generators.twin import _secrets, _text
from proxmox_mpc.generators.twin._reader import Reader, Row

# Computed by the API and not part of a configuration; and raw lines for LXC, which only root writes, into the file.
_NOT_PLANTED = frozenset({"digest", "snapstate", "lxc"})


async def guests(reader: Reader, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Every guest whose node can tell of it."""
    found = await reader.each(
        "guests",
        sorted((r for r in rows if r["type"] in ("qemu", "lxc")), key=lambda r: int(r["vmid"])),
        lambda row: _guest(reader, row),
    )
    return [guest for guest in found if guest]


async def _guest(reader: Reader, row: Row) -> dict[str, Any]:
    below = f"/nodes/{{node}}/{row['type']}/{{vmid}}"
    names = {"node": row["node"], "vmid": int(row["vmid"])}
    lines = await reader.get(f"{below}/pending", **names)
    if lines is None:
        return {}
    snapshots = await reader.rows(f"{below}/snapshot", **names)
    made = {s["name"]: s for s in snapshots if s["name"] != "current"}
    parts: dict[str, Any] = {"config": _section({i["key"]: i["value"] for i in lines if "value" in i})}
    pending = _section({i["key"]: i["pending"] for i in lines if "pending" in i})
    if deleted := {i["key"]: i["delete"] for i in lines if i.get("delete")}:
        # PVE marks a volume that goes for good with an exclamation mark.
        pending["delete"] = ",".join(f"{'!' if int(how) > 1 else ''}{key}" for key, how in deleted.items())
    if pending:
        parts["pending"] = pending
    if made:
        parts["snapshots"] = {
            name: _section(await reader.get(f"{below}/snapshot/{{snapname}}/config", **names, snapname=name) or {})
            for name in made
        }
        # Which snapshot a guest goes back to stands in its file, but only the list of its snapshots shows it.
        if parent := next((s.get("parent") for s in snapshots if s["name"] == "current"), None):
            parts["config"]["parent"] = parent
    status = {"status": row.get("status", "stopped"), "uptime": int(row.get("uptime") or 0)}
    return {**names, "type": row["type"], **status, **parts}


def _section(config: Row) -> dict[str, str]:
    return {
        # That there is a password is no secret: the API shows it, and a plan looks at it.
        key: _secrets.PLACEHOLDER if _secrets.is_secret(key) else _secrets.blank(key, _value(key, value))
        for key, value in config.items()
        if key not in _NOT_PLANTED and value is not None
    }


def _value(key: str, value: Any) -> str:
    if key == "description":
        return str(value).rstrip("\n")  # containers show one more than they store
    return str(_text.of(key, value))
