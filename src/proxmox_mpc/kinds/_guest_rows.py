"""Which guest a person means, among all that there are."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from proxmox_mpc.errors import RefusedError
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE
from proxmox_mpc.kinds._view import View

Row = Mapping[str, Any]
# What /cluster/resources calls a guest without a name (9.1).
UNNAMED = re.compile(r"(VM|CT) ?\d+")


class SeveralGuests(RefusedError):
    """Several guests have this name."""

    code = "guest.ambiguous"


async def fresh_rows(view: View) -> list[dict[str, Any]]:
    """All guests as their nodes list them: the bulk rows learn of new ones about 10 s late (facts.md 20)."""
    asked = [(node, kind) for node in await view.nodes() for kind in ("qemu", "lxc")]
    answers = await asyncio.gather(*(view.pve.get(f"/nodes/{{node}}/{kind}", {"node": node}) for node, kind in asked))
    return [
        {**row, "node": node, "type": kind} for (node, kind), rows in zip(asked, answers, strict=True) for row in rows
    ]


async def find_guest(view: View, namespace: str, word: str, *, anew: bool = False) -> Row | None:
    """The guest of this name or VMID in a namespace; `anew` asks the nodes for one that the bulk rows do not know.

    Raises SeveralGuests.
    """
    rows = await view.rows("qemu", "lxc")
    found = [row for row in rows if is_meant(row, word) and namespace_of(row) == namespace]
    if not found and anew:
        known = {row["vmid"] for row in rows}
        found = [row for row in await fresh_rows(view) if is_meant(row, word) and row["vmid"] not in known]
    if len(found) > 1:
        ids = ", ".join(str(row["vmid"]) for row in found)
        raise SeveralGuests(f"{len(found)} guests are called {word}: {ids}", hint="write the VMID instead of the name")
    return found[0] if found else None


def namespace_of(row: Row) -> str:
    return str(row.get("pool") or DEFAULT_NAMESPACE)


def words_for(rows: Sequence[Row]) -> dict[int, str]:
    """What a person calls each of these guests: by its name, or by its VMID where it has none of its own."""
    named = Counter((namespace_of(row), row.get("name")) for row in rows)
    own = {int(row["vmid"]): row["name"] for row in rows if named[namespace_of(row), row.get("name")] == 1}
    return {int(row["vmid"]): _known(own.get(int(row["vmid"])), row) for row in rows}


def _known(name: str | None, row: Row) -> str:
    return name if name and not UNNAMED.fullmatch(name) else str(row["vmid"])


def is_meant(row: Row, word: str) -> bool:
    """Whether a person who writes this name or VMID means the guest."""
    return word in (str(row["vmid"]), row.get("name"))
