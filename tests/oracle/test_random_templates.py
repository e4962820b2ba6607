"""Templates made by chance through the real engine and through ours; nothing crashes, nothing differs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.oracle.helm import helm, ours, shown, written
from tests.oracle.random_templates import pieces, template
from tests.oracle.test_templates import DEFAULTS, FILE

MANY = 20_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 700


@pytest.mark.parametrize("make", [pieces, template])
def test_what_chance_makes_renders_as_helm_renders_it(make: Callable[[Random], str], tmp_path: Path) -> None:
    folder = written(tmp_path, {})
    for seed in range(MANY):
        text = make(Random(seed))
        written(folder, {FILE: text})
        wanted = helm(folder, DEFAULTS)
        # The whole dot shows the address of a pointer, and Capabilities in an order of chance.
        if "Capabilities" not in str(wanted):
            assert shown(ours(folder, DEFAULTS)) == wanted, f"seed {seed}: {text}"
