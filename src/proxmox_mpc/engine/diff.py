"""What differs between what is wanted, what lives, and what was applied last: pure, and the same for every kind.

- A field that is declared and means something else than the live one changes.
- A field that nobody declared is left alone.
- A field that was declared last time and is not any more goes back to its default; a list item likewise goes.
- Without a record of the last time (a lost store) only declared fields are compared: nothing is reset, nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change
from proxmox_mpc.kinds._schema import HIDDEN, Schema


def three_way(
    schema: Schema,
    live: Mapping[str, Value],
    desired: Mapping[str, Value],
    applied: Mapping[str, Value] | None,
    *,
    fresh: bool = False,
) -> list[Change]:
    """The changes that take `live` to `desired`, in the schema's order, each with its declared impact.

    `fresh` is an object whose creation has not ended: its preferences still count, where it stands is not its home.
    """
    changes = [
        Change(path, live.get(path), desired[path], schema.impact(path)) for path in schema.differences(live, desired)
    ]
    changes += _only_applied_knows(schema, live, desired, applied, fresh)
    if applied is not None:
        changes += _no_longer_declared(schema, live, desired, applied)
    return changes


def _only_applied_knows(
    schema: Schema,
    live: Mapping[str, Value],
    desired: Mapping[str, Value],
    applied: Mapping[str, Value] | None,
    fresh: bool,
) -> Iterator[Change]:
    """Fields that the cluster does not show: secrets, what only creation takes, and preferences."""
    for path, value in desired.items():
        leaf = schema.leaf(path)
        if leaf is None or leaf.wire.hint:
            continue
        before = (applied or {}).get(path)
        if leaf.wire.secret and not leaf.wire.create_only:
            unset = leaf.wire.echoed and live.get(path) != HIDDEN
            if unset or (before is not None and before != value):
                yield Change(path, before, value, schema.impact(path))
        elif leaf.wire.preference and live.get(path) != value and (fresh or before not in (None, value)):
            yield Change(path, live.get(path), value, schema.impact(path))
        elif leaf.wire.create_only and before not in (None, value):
            yield Change(path, before, value, Impact.REPLACE, "is decided at creation")


def _no_longer_declared(
    schema: Schema, live: Mapping[str, Value], desired: Mapping[str, Value], applied: Fields | Mapping[str, Value]
) -> Iterator[Change]:
    gone: set[str] = set()
    for path in applied:
        if path in desired or path.startswith("metadata."):
            continue
        leaf = schema.leaf(path)
        item = schema.item_of(path)
        if item is not None and not any(other.startswith(f"{item}.") for other in desired):
            if item not in gone and any(other.startswith(f"{item}.") for other in live):
                gone.add(item)
                yield Change(item, summary(schema, live, item), None, schema.impact(f"{item}.*"))
            continue
        if leaf is not None and (
            not (leaf.key or leaf.wire.kept)
            or leaf.wire.hint
            or leaf.wire.create_only
            or leaf.wire.quiet
            or leaf.wire.sticky
        ):
            continue  # the product's own fields steer; without them things stay as they are
        if path in live and live[path] != schema.default(path):
            yield Change(path, live[path], None, schema.impact(path))


def summary(schema: Schema, fields: Mapping[str, Value], item: str) -> str:
    """One line for a whole list item, such as `storage=local-lvm size=32G`."""
    parts = []
    for path, value in fields.items():
        leaf = schema.leaf(path)
        if not path.startswith(f"{item}.") or leaf is None or leaf.wire.secret:
            continue
        if leaf.wire.telling or not leaf.wire.quiet:
            parts.append(f"{leaf.name}={schema.show(path, value)}")
    return " ".join(parts)
