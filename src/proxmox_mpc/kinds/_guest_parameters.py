"""From changes of fields to parameters of a guest's config: only what differs is sent, whole property strings of it.

Both the config before and the one after are encoded, so parts of a property string that nobody declared survive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._kind import Change, Live, Resource
from proxmox_mpc.kinds._mark import Mark

if TYPE_CHECKING:
    from proxmox_mpc.kinds._guest import GuestDriver
    from proxmox_mpc.kinds._schema import Schema


def parameters(
    guest: GuestDriver, live: Live, resource: Resource, changes: Sequence[Change], mark: Mark
) -> tuple[dict[str, Any], list[str]]:
    """What these changes set in the config, and what they take out of it."""
    before = guest.encode(live.fields, {}, mark)
    merged = _merged(guest.schema, live.fields, changes, resource.fields)
    secrets = {c.path: resource.secrets[c.path] for c in changes if c.path in resource.secrets}
    after = guest.encode({p: v for p, v in merged.items() if p not in secrets}, secrets, mark)
    for key in ("description", "tags"):
        before.pop(key)
        if key in live.raw:
            before[key] = str(live.raw[key]).rstrip("\n") if key == "description" else tag_text(live.raw[key])
    params: dict[str, Any] = {key: text for key, text in after.items() if before.get(key) != text}
    gone = sorted(before.keys() - after.keys())
    if params.keys() - before.keys():
        resent = {key for field, key in guest.api.resent.items() if field in resource.fields} & after.keys()
        params |= {key: after[key] for key in resent}
    # Some parameters cannot be deleted, only set: their default says the same.
    params |= {key: default for key in gone if (default := guest.api.undeletable.get(key))}
    return params, [key for key in gone if key not in params]


def tag_text(raw: object) -> str:
    return ";".join(sorted({tag.lower() for tag in str(raw).replace(",", ";").split(";") if tag.strip()}))


def _merged(schema: Schema, live: Fields, changes: Sequence[Change], desired: Mapping[str, Value]) -> Fields:
    """Live fields with the changes made, in a form that the API takes: whole property strings."""
    merged = dict(live)
    touched = {home for change in changes if (home := schema.home_of(change.path))}
    # A string that is written anew says all that was declared of it, also what is the default: PVE requires some parts.
    merged |= {p: v for p, v in desired.items() if schema.home_of(p) in touched and p not in live and schema.leaf(p)}
    # What steers how something is made, such as a slot, stands beside what is made.
    beside = {change.path.rpartition(".")[0] for change in changes if change.old is None} - {""}
    hints = (p for p in desired if (leaf := schema.leaf(p)) is not None and leaf.wire.hint and p not in live)
    merged |= {p: desired[p] for p in hints if p.rpartition(".")[0] in beside}
    for change in changes:
        if change.new is not None:
            merged[change.path] = change.new
        elif schema.strand_of(change.path) is not None and (default := schema.default(change.path)) is not None:
            # A part goes back to its default by being written so: other parts of the string may need it to be there.
            merged[change.path] = default
        else:
            merged = {p: v for p, v in merged.items() if p != change.path and not p.startswith(change.path + ".")}
    for home in {strand.path for c in changes if (strand := schema.strand_of(c.path)) and not strand.is_list}:
        inside = [path for path in merged if path.startswith(f"{home}.")]
        if all(merged[path] == schema.default(path) for path in inside):
            merged = {path: value for path, value in merged.items() if path not in inside}
    return merged
