"""What a change of an object sends: parameters to set, and parameters to unset."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from proxmox_mpc.kinds._codec import Fields, Value
from proxmox_mpc.kinds._kind import Change, Live, Resource
from proxmox_mpc.kinds._schema import Schema

Clear = Literal["delete", "empty", "omit"]
"""How a parameter is unset: by `delete=NAME`, by sending it empty, or by not sending it."""


@dataclass(frozen=True)
class Difference:
    """`now` and `then` are all parameters before and after, without secrets that stay; `secrets` those that change.

    `defaults` are what parameters mean when they are not there.
    """

    now: dict[str, Any]
    then: dict[str, Any]
    secrets: dict[str, Any]
    defaults: dict[str, Any]

    @classmethod
    def of(cls, schema: Schema, live: Live, resource: Resource, changes: Sequence[Change]) -> Difference:
        """Of an object as it lives, and the changes that a plan made for it."""
        merged = merge(schema, live.fields, changes, resource.fields)
        hidden = {p for p in merged if (leaf := schema.leaf(p)) is not None and leaf.wire.secret}
        secrets = {c.path: resource.secrets[c.path] for c in changes if c.path in resource.secrets}
        return cls(
            schema.encode({p: v for p, v in live.fields.items() if p not in hidden}),
            schema.encode({p: v for p, v in merged.items() if p not in hidden}),
            schema.encode({}, secrets),
            schema.encode(_defaults(schema)),
        )

    def without(self, names: Collection[str]) -> Difference:
        """Without these, which the path says."""
        now, then = ({k: v for k, v in params.items() if k not in names} for params in (self.now, self.then))
        return replace(self, now=now, then=then)

    def with_text(self, name: str, now: str, then: str) -> Difference:
        """With one more parameter that is no field: the comment with its mark."""
        return replace(self, now={**self.now, name: now}, then={**self.then, name: then})

    def params(
        self, *, clear: Clear = "delete", whole: frozenset[str] = frozenset(), lasting: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """The parameters of the PUT; none when there is nothing to say.

        `whole` are parameters that must be sent with every change (`"*"` stands for all); `lasting` those that cannot
        be deleted, so that their default is written.
        """
        sets: dict[str, Any] = {name: text for name, text in self.then.items() if self.now.get(name) != text}
        sets |= self.secrets
        gone = sorted(self.now.keys() - self.then.keys())
        if not sets and not gone:
            return {}
        sets = {n: text for n, text in self.then.items() if n in whole or "*" in whole} | sets
        if clear == "delete":
            sets |= {name: self.defaults[name] for name in gone if name in lasting}
            deleted = [name for name in gone if name not in lasting]
            return {**sets, "delete": deleted} if deleted else sets
        # Where nothing can be deleted, the default is written; texts are emptied, or forgotten by not being sent.
        sets |= {name: self.defaults[name] for name in gone if name in self.defaults}
        return sets | ({} if clear == "omit" else {name: "" for name in gone if name not in self.defaults})


def merge(schema: Schema, live: Fields, changes: Sequence[Change], desired: Mapping[str, Value]) -> Fields:
    """Live fields with the changes made, so that what is written anew is whole.

    A property string that changes says all that was declared of it, also what is the default, and always its first
    part: PVE demands some (`log_ratelimit` its `enable`, 9.1).
    """
    merged: Fields = dict(live)
    for change in changes:
        if change.new is not None:
            merged[change.path] = change.new
        else:
            merged = {p: v for p, v in merged.items() if p != change.path and not p.startswith(f"{change.path}.")}
    touched = {home for change in changes if change.new is not None and (home := schema.home_of(change.path))}
    for home in touched:
        declared = {p: v for p, v in desired.items() if schema.home_of(p) == home and schema.leaf(p)}
        strand = schema.strand_of(f"{home}.")
        first = strand.group.default_part if strand is not None else ""
        always = [leaf for leaf in strand.leaves if leaf.part == first] if strand is not None and first else []
        defaults = {
            leaf.path: leaf.wire.default for leaf in always if "*" not in leaf.path and leaf.wire.default is not None
        }
        merged = {**defaults, **declared, **merged}
    return merged


def _defaults(schema: Schema) -> Fields:
    """Of parameters that are one field."""
    return {p: value for p, leaf in schema.leaves.items() if not leaf.part and (value := leaf.wire.default) is not None}


def changed(fields: Mapping[str, Any], paths: Sequence[str]) -> list[Change]:
    """Changes that unset these fields, where they are set."""
    return [Change(path, fields[path], None) for path in paths if path in fields]
