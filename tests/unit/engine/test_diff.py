"""The three-way diff, as properties over generated VMs: nothing is touched that nobody declared, and once is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.engine import manifests
from proxmox_mpc.engine.diff import three_way
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Change
from proxmox_mpc.kinds._schema import HIDDEN
from tests.unit.kinds import specs

SCHEMA = find_kind("vm").schema


def declared(spec: dict[str, Any]) -> Fields:
    """The canonical fields of a spec, secrets as fingerprints: what a manifest comes to."""
    document = {"apiVersion": "proxmox.io/v1", "kind": "VirtualMachine", "metadata": {"name": "it"}, "spec": spec}
    texts = [manifests.Text("it.yaml", yaml.safe_dump(document, allow_unicode=True))]
    [resource] = manifests.resources(manifests.documents(texts), find_kind, fingerprint=lambda secret: f"fp-{secret}")
    return resource.fields


def shown(fields: Mapping[str, Any]) -> Fields:
    """What a cluster shows of these fields: secrets are set, and not to be read."""
    return {path: HIDDEN if (leaf := SCHEMA.leaf(path)) and leaf.wire.secret else v for path, v in fields.items()}


def applied_to(live: Fields, changes: list[Change]) -> Fields:
    after = dict(live)
    for change in changes:
        if change.new is None:
            after = {p: v for p, v in after.items() if p != change.path and not p.startswith(f"{change.path}.")}
        else:
            after |= shown({change.path: change.new})
    return after


with_secrets = st.tuples(specs.vm, st.booleans()).map(
    lambda pair: {**pair[0], "cloudInit": {**pair[0].get("cloudInit", {}), "password": "hush"}} if pair[1] else pair[0]
)
fields = with_secrets.map(declared)


@given(fields, st.booleans())
def test_what_lives_as_declared_needs_nothing(desired: Fields, remembered: bool) -> None:
    assert three_way(SCHEMA, shown(desired), desired, desired if remembered else None) == []


@given(fields, fields, fields)
def test_what_nobody_declared_is_never_touched(live: Fields, desired: Fields, applied: Fields) -> None:
    known = desired.keys() | applied.keys()
    for change in three_way(SCHEMA, shown(live), desired, applied):
        assert change.path in known or any(path.startswith(f"{change.path}.") for path in known)


@given(fields, fields)
def test_without_a_memory_nothing_is_reset(live: Fields, desired: Fields) -> None:
    for change in three_way(SCHEMA, shown(live), desired, None):
        assert change.new is not None
        assert change.path in desired


@given(fields, fields)
def test_what_is_declared_no_more_is_reset_once(applied: Fields, desired: Fields) -> None:
    live = shown(applied)
    changes = three_way(SCHEMA, live, desired, applied)
    assert len({change.path for change in changes}) == len(changes)
    after = applied_to(live, changes)
    for path, value in after.items():
        if path not in desired and not path.startswith("cloudInit.password"):
            leaf = SCHEMA.leaf(path)
            wire = leaf.wire if leaf is not None else None
            kept = wire is not None and (wire.create_only or wire.hint or wire.quiet or wire.sticky)
            stays = kept or (leaf is not None and not leaf.key)
            assert stays or SCHEMA.same(path, value, None), path
    assert three_way(SCHEMA, after, desired, desired) == []


@given(fields, fields, st.none() | fields)
def test_a_second_diff_after_the_changes_is_empty(live: Fields, desired: Fields, applied: Fields | None) -> None:
    after = applied_to(shown(live), three_way(SCHEMA, shown(live), desired, applied))
    assert three_way(SCHEMA, after, desired, desired) == []


VM = {
    "disks": [{"slot": "scsi0", "storage": "local", "size": "4G"}, {"slot": "scsi1", "storage": "local", "size": "1G"}]
}


def diff(before: dict[str, Any], now: dict[str, Any], **live: Any) -> dict[str, tuple[Any, Any, Impact]]:
    changes = three_way(SCHEMA, {**shown(declared(before)), **live}, declared(now), declared(before))
    return {change.path: (change.old, change.new, change.impact) for change in changes}


def test_a_removed_list_item_is_one_change_that_says_what_goes() -> None:
    changes = diff(VM, {"disks": VM["disks"][:1]})
    assert list(changes) == ["disks.scsi1"]
    old, new, impact = changes["disks.scsi1"]
    assert (new, impact) == (None, Impact.HOTPLUG)
    assert old == "storage=local size=1G"


def test_a_removed_field_goes_back_and_a_default_is_already_there() -> None:
    assert diff({"memory": 2048}, {}) == {"memory": (2048, None, Impact.PENDING)}
    assert diff({"memory": 512}, {}) == {}


def test_order_case_and_units_mean_nothing() -> None:
    assert diff({"tags": ["B", "a"]}, {"tags": ["a", "b"]}) == {}
    assert diff({"memory": "1G"}, {"memory": 1024}) == {}


def test_a_guest_that_moved_has_not_drifted_but_another_wish_moves_it() -> None:
    assert diff({"node": "a"}, {"node": "a"}, node="b") == {}
    assert diff({"node": "a"}, {"node": "c"}, node="b") == {"node": ("b", "c", Impact.MIGRATE)}
    assert diff({"node": "a"}, {"node": "b"}, node="b") == {}


def test_a_guest_that_is_being_made_goes_where_it_was_wanted() -> None:
    desired = declared({"node": "b"})
    assert three_way(SCHEMA, {"node": "a"}, desired, None) == []
    [change] = three_way(SCHEMA, {"node": "a"}, desired, None, fresh=True)
    assert (change.path, change.old, change.new) == ("node", "a", "b")


def test_what_only_creation_decides_replaces() -> None:
    assert diff({"template": "a"}, {"template": "b"})["template"][2] is Impact.REPLACE
    assert diff({}, {"template": "b"}) == {}


@pytest.mark.parametrize(
    ("applied", "live", "changes"),
    [("a", HIDDEN, 0), ("b", HIDDEN, 1), ("a", None, 1), (None, HIDDEN, 0), (None, None, 1)],
)
def test_a_secret_is_compared_by_its_fingerprint_and_set_where_it_is_not(
    applied: str | None, live: str | None, changes: int
) -> None:
    desired = declared({"cloudInit": {"password": "a"}})
    before = declared({"cloudInit": {"password": applied}}) if applied else None
    shown_now: Fields = {"cloudInit.password": live} if live else {}
    assert len(three_way(SCHEMA, shown_now, desired, before)) == changes
