"""The columns that `get` shows of guests, from the bulk row alone."""

from __future__ import annotations

from proxmox_mpc.kinds._kind import Column, Live
from proxmox_mpc.kinds._mark import INDEX_TAG

GIB = 1 << 30


def duration(seconds: object) -> str:
    """A span as people read it: 45s, 12m, 3h5m, 4d2h."""
    total = int(float(str(seconds or 0)))
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "m", 60)):
        if total >= size:
            rest = total % size // part
            return f"{total // size}{unit}" + (f"{rest}{smaller}" if rest else "")
    return f"{total // 60}m" if total >= 60 else f"{total}s"


def memory(value: object) -> str:
    """Bytes as MiB, GiB or TiB."""
    size = int(float(str(value or 0)))
    for unit, letter in ((GIB << 10, "T"), (GIB, "G")):
        if size >= unit:
            return f"{size / unit:.1f}".removesuffix(".0") + letter
    return f"{size >> 20}M"


def _status(live: Live) -> str:
    return "template" if live.facts.get("template") else str(live.facts.get("status", ""))


def _tags(live: Live) -> str:
    return ",".join(tag for tag in str(live.facts.get("tags", "")).split(";") if tag and tag != INDEX_TAG)


def _cpu_share(live: Live) -> str:
    return f"{float(live.facts.get('cpu') or 0) * 100:.0f}%" if live.facts.get("status") == "running" else "-"


GUEST_COLUMNS = (
    Column("NAME", lambda live: live.facts.get("name")),
    Column("VMID", lambda live: live.identity["vmid"], right=True),
    Column("NODE", lambda live: live.identity["node"]),
    Column("STATUS", _status),
    Column("CPUS", lambda live: live.facts.get("maxcpu", ""), right=True),
    Column("MEMORY", lambda live: memory(live.facts.get("maxmem")), right=True),
    Column("UPTIME", lambda live: duration(live.facts["uptime"]) if live.facts.get("uptime") else "-", right=True),
    Column("TAGS", _tags),
    Column("DISK", lambda live: memory(live.facts.get("maxdisk")), wide=True, right=True),
    Column("CPU%", _cpu_share, wide=True, right=True),
    Column("POOL", lambda live: live.facts.get("pool"), wide=True),
    Column("LOCK", lambda live: live.facts.get("lock", ""), wide=True),
    Column("HA", lambda live: live.facts.get("hastate", ""), wide=True),
)

TEMPLATE_COLUMNS = tuple(column for column in GUEST_COLUMNS if column.title not in ("STATUS", "UPTIME", "CPU%", "HA"))
