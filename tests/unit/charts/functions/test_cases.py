"""Every function has cases that are compared with the real engine."""

from __future__ import annotations

import re
from pathlib import Path

from proxmox_mpc.charts.functions import functions

CASES = Path(__file__).parents[3] / "cases" / "templates"


def test_every_function_is_called_by_a_case() -> None:
    texts = " ".join(path.read_text() for path in CASES.glob("functions_*.yaml"))
    called = set(re.findall(r"[A-Za-z_0-9]+", texts))
    assert set(functions()) - called == set()
