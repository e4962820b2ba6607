"""FirewallIPSet: a set of addresses, in the cluster's firewall or a guest's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from proxmox_mpc.kinds import _field
from proxmox_mpc.kinds._codec import Codec
from proxmox_mpc.kinds._field import field
from proxmox_mpc.kinds._firewall import FirewallDriver, Place, place_needs
from proxmox_mpc.kinds._kind import Column, Kind, Live
from proxmox_mpc.kinds._reach import NAME, REST, Write
from proxmox_mpc.kinds._run import Run
from proxmox_mpc.kinds._view import View

_ENTRY = re.compile(r"(!)?\s*([^\s#]+)\s*(?:#\s*(.*))?")


def _line(entry: Mapping[str, Any]) -> str:
    """An entry as a firewall file writes it: `!10.0.0.1 # why`."""
    comment = str(entry.get("comment") or "").strip()
    return f"{'!' if int(entry.get('nomatch') or 0) else ''}{entry['cidr']}" + (f" # {comment}" if comment else "")


def _entry(line: str) -> dict[str, str]:
    found = _ENTRY.fullmatch(line.strip())
    if found is None:
        raise ValueError(f"{line!r} is not an address; write 10.0.0.0/8, or !10.0.0.1 for one that is left out")
    return {"cidr": found[2], **({"nomatch": "1"} if found[1] else {}), **({"comment": found[3]} if found[3] else {})}


def _parse(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(_line(_entry(item) if isinstance(item, str) else _named(item)) for item in value)


def _named(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict) or "cidr" not in item or set(item) - {"cidr", "nomatch", "comment", "digest"}:
        raise ValueError(f"{item!r} is not an entry; write an address, or cidr, nomatch and comment")
    return item


_CODEC = Codec("list of addresses", _parse, list, example="[10.0.0.0/8]")
Entries = Annotated[list[str], BeforeValidator(_parse), _CODEC]


class FirewallIPSetSpec(_field.Part):
    """A set. Rules name it as `+NAME`."""

    comment: str | None = field("comment", help="A remark.")
    entries: Entries | None = field("entries", help="Addresses, networks and aliases; `!` leaves one out.")


_IN_A_LINE = {"comment": "entries", REST: "entries"}


class IPSetPart:
    kinds = ("cluster", "guest")
    is_always_there = False
    writes = (
        Write("POST", "/ipset", {"name": NAME}),
        Write("POST", "/ipset/{name}", _IN_A_LINE),
        Write("PUT", "/ipset/{name}/{cidr}", _IN_A_LINE),
    )

    async def _all(self, view: View, place: Place) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await view.pve.get(f"{place.path}/ipset", place.variables)
        return found

    async def names(self, view: View, place: Place) -> list[str]:
        return [row["name"] for row in await self._all(view, place)]

    async def read(self, view: View, place: Place, own: str) -> dict[str, Any] | None:
        row = next((row for row in await self._all(view, place) if row["name"] == own), None)
        if row is None:
            return None
        entries = await view.pve.get(f"{place.path}/ipset/{{name}}", {**place.variables, "name": own})
        return {"comment": row.get("comment"), "digest": row.get("digest"), "entries": entries}

    async def make(self, run: Run, place: Place, own: str, params: Mapping[str, Any]) -> None:
        sent = {**place.variables, "name": own, **{k: v for k, v in params.items() if k == "comment"}}
        made = {"place": place.identity, "name": own}
        await run.call("POST", f"{place.path}/ipset", sent, title=f"create set {own}", makes=made)
        await self._entries(run, place, own, [], params.get("entries", []))

    async def change(
        self, run: Run, place: Place, own: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> None:
        if before.get("comment") != after.get("comment"):
            # A set is changed by renaming it to itself (POST …/firewall/ipset, 9.1).
            sent = {**place.variables, "name": own, "rename": own, "comment": after.get("comment", "")}
            await run.call("POST", f"{place.path}/ipset", sent, title=f"change set {own}")
        await self._entries(run, place, own, before.get("entries", []), after.get("entries", []))

    async def _entries(self, run: Run, place: Place, own: str, before: list[str], after: list[str]) -> None:
        path, where = f"{place.path}/ipset/{{name}}", {**place.variables, "name": own}
        now, then = ({entry["cidr"]: entry for entry in map(_entry, lines)} for lines in (before, after))
        for cidr in now.keys() - then.keys():
            await run.call("DELETE", f"{path}/{{cidr}}", {**where, "cidr": cidr}, title=f"take {cidr} out of {own}")
        for cidr, entry in then.items():
            if cidr not in now:
                await run.call("POST", path, {**where, **entry}, title=f"put {cidr} into {own}")
            elif now[cidr] != entry:
                await run.call("PUT", f"{path}/{{cidr}}", {**where, **entry}, title=f"change {cidr} in {own}")

    async def remove(self, run: Run, place: Place, own: str, live: Live) -> None:
        sent = {**place.variables, "name": own, "force": 1}
        await run.call("DELETE", f"{place.path}/ipset/{{name}}", sent, title=f"delete set {own}")


KIND: Kind = Kind(
    name="FirewallIPSet",
    plural="firewallipsets",
    short=("ipset",),
    model=FirewallIPSetSpec,
    driver=FirewallDriver("FirewallIPSet", IPSetPart(), lambda: KIND.schema),
    columns=(Column.name(), Column.count("ENTRIES", "entries"), Column.of("COMMENT", "comment")),
    needs=place_needs,
    order=72,
    example="""\
apiVersion: proxmox.io/v1
kind: FirewallIPSet
metadata: { name: cluster/admins }
spec: { entries: [192.0.2.0/24, "!192.0.2.66", "198.51.100.7 # on call"] }
""",
)
