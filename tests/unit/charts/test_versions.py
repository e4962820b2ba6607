from __future__ import annotations

import time

import pytest

from proxmox_mpc.charts.activation import fits
from proxmox_mpc.charts.functions.versions import Constraint, Version
from proxmox_mpc.charts.language.function import GoError


def test_versions_stand_in_order() -> None:
    texts = ["1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-a", "1.0.0-a.1", "1.0.0-a.b", "1.0.0", "v1.0.1", "1.1", "2"]
    assert [str(version) for version in sorted(map(Version.parse, reversed(texts)))] == [
        *texts[:7],
        "1.0.1",
        "1.1.0",
        "2.0.0",
    ]
    assert Version.parse("1.0.0+a") == Version.parse("1+b")


def test_what_cannot_be_read_fits_nothing() -> None:
    assert fits("^1.2", "1.3.0")
    assert not fits("", "1.3.0")
    assert not fits("*", "x")


@pytest.mark.parametrize("text", ["1" * 1_000_000, "1 - " * 100_000, ">1," * 1000 + "?", ">=" + "9" * 3000, ""])
def test_hostile_ranges_end_in_an_error_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(GoError):
        Constraint.parse(text)
    with pytest.raises(GoError):
        Version.parse(text)
    assert time.process_time() - began < 1
