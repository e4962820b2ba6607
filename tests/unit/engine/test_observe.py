"""Which live object a resource means, and whose it is: by number and mark, never by node, by name only as a last word."""

from __future__ import annotations

from typing import Any

import pytest

from proxmox_mpc.engine.observe import Ambiguous, Known, Owner, match, sighting
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key, Live, Owned, Resource
from proxmox_mpc.kinds._mark import Mark

KIND = find_kind("vm")
KEY = Key("VirtualMachine", "default", "web")


def wanted(**fields: Any) -> Resource:
    return Resource(KEY, KIND.model(), fields)


def live(vmid: int, name: str = "web", mark: Mark | None = None, node: str = "pve1") -> Live:
    key = mark.key if mark else Key("VirtualMachine", "default", name)
    return Live(key, {"vmid": vmid, "node": node}, {}, {"name": name}, mark)


def mark(uid: str = "uid", application: str = "shop", key: Key = KEY) -> Mark:
    return Mark(uid, application, key)


def owned(application: str = "shop") -> Owned:
    return Owned(KEY, "uid", application, {"vmid": 100, "node": "pve1"}, {})


def found(resource: Resource, *lives: Live, known: Owned | None = None) -> int | None:
    hit = match(resource, KIND, Known(lives), known)
    return None if hit is None else int(hit.identity["vmid"])


def test_a_renamed_and_moved_guest_is_still_the_same() -> None:
    there = live(100, "other-name", mark(key=Key("VirtualMachine", "default", "old")), node="pve3")
    assert found(wanted(), there, live(101), known=owned()) == 100


def test_the_mark_finds_it_without_a_store() -> None:
    assert found(wanted(), live(100, "other-name", mark()), live(101)) == 100


def test_a_number_in_the_manifest_finds_what_nobody_owns() -> None:
    assert found(wanted(vmid=101), live(100), live(101)) == 101


def test_a_name_finds_what_nobody_owns() -> None:
    assert found(wanted(), live(100), live(101, "db")) == 100


def test_a_marked_guest_is_not_found_by_its_name() -> None:
    theirs = live(100, "web", mark(key=Key("VirtualMachine", "blog", "web")))
    assert found(wanted(), theirs) is None
    with pytest.raises(Ambiguous, match="asks for vmid 100 node pve1, which is VirtualMachine blog/web"):
        found(wanted(vmid=100), theirs)


def test_two_of_one_name_are_named_with_their_numbers() -> None:
    with pytest.raises(Ambiguous, match="could be 2 objects: vmid 100 node pve1, vmid 101 node pve1"):
        found(wanted(), live(100), live(101))


def test_a_number_that_belongs_to_another_name_is_refused() -> None:
    with pytest.raises(Ambiguous, match="which is default/db and not owned"):
        found(wanted(vmid=100), live(100, "db"))


def test_a_name_whose_number_differs_from_the_manifest_is_refused() -> None:
    with pytest.raises(Ambiguous, match="asks for vmid 200, but the object of that name is vmid 100"):
        found(wanted(vmid=200), live(100))


@pytest.mark.parametrize(
    ("there", "known", "owner"),
    [
        (live(100, mark=mark()), owned(), Owner.OURS),
        (live(100, mark=mark()), None, Owner.OURS),
        (live(100, mark=mark(application="blog")), owned(), Owner.OTHER),
        (live(100), owned(), Owner.OURS),
        (live(100), owned("blog"), Owner.OTHER),
        (live(101), owned(), Owner.NOBODY),
        (live(100), None, Owner.NOBODY),
    ],
    ids=[
        "mark and store",
        "a lost store",
        "the mark is the stronger word",
        "a lost mark",
        "theirs",
        "another of its name",
        "nobody's",
    ],
)
def test_whose_it_is(there: Live, known: Owned | None, owner: Owner) -> None:
    assert sighting(KIND, there, known, "shop").owner is owner
