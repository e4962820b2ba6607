"""One fingerprint of many answers: it tells what matters from what changes by itself."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.pve.answers import Reply
from proxmox_mpc.pve.request import Request
from proxmox_mpc.pve.witness import Witness

ROWS = [
    {"id": "qemu/100", "vmid": 100, "node": "pve1", "status": "running", "cpu": 0.1, "uptime": 5, "maxmem": 512},
    {"id": "qemu/101", "vmid": 101, "node": "pve2", "status": "stopped", "cpu": 0.0, "uptime": 0, "maxmem": 512},
]


def fingerprint(rows: Any, path: str = "/cluster/resources") -> str:
    witness = Witness()
    witness.saw(Request("GET", path), Reply(rows))
    return witness.fingerprint


def test_readings_of_a_moment_do_not_count_where_they_stand() -> None:
    later = [{**row, "cpu": 0.7, "uptime": 99} for row in ROWS]
    assert fingerprint(later) == fingerprint(ROWS)
    assert fingerprint({"cpu": "host"}, "/nodes/pve1/qemu/100/config") != fingerprint(
        {"cpu": "kvm64"}, "/nodes/pve1/qemu/100/config"
    )


@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_keys_does_not_count(dice: Random) -> None:
    rows = [dict(dice.sample(sorted(row.items()), len(row))) for row in dice.sample(ROWS, len(ROWS))]
    assert fingerprint(rows) == fingerprint(ROWS)


@given(st.sampled_from([0, 1]), st.sampled_from(["node", "status", "maxmem"]), st.integers() | st.text())
def test_any_other_value_counts(row: int, name: str, value: int | str) -> None:
    other = [dict(each) for each in ROWS]
    other[row][name] = value
    assert (fingerprint(other) == fingerprint(ROWS)) == (other == ROWS)


def test_requests_are_told_apart_and_a_write_or_a_failure_spoils_it() -> None:
    one, other = Witness(), Witness()
    one.saw(Request("GET", "/pools"), Reply([]))
    other.saw(Request("GET", "/storage"), Reply([]))
    assert one.fingerprint != other.fingerprint
    other.missed()
    assert one.is_whole
    assert not other.is_whole
    one.saw(Request("POST", "/pools"), Reply(None))
    assert not one.is_whole
