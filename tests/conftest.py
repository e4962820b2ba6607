"""What all tests share: a home of their own, and how thoroughly properties are tried."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from proxmox_mpc import telemetry
from tests.chaos.tally import pytest_terminal_summary  # noqa: F401  a hook: every run tells its storms
from tests.lab import Lab
from tests.lab import lab as make_lab

settings.register_profile("fast", max_examples=30, deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "soak", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

GROUND_TRUTH = Path(os.environ.get("PVE_GROUND_TRUTH", Path(__file__).parents[2] / "shared" / "pve"))


@pytest.fixture(autouse=True)
def logs_as_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that a test opens sets the process's log level; the next test begins as a new process would."""
    monkeypatch.setattr(telemetry, "_sink", telemetry._Sink())


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with make_lab() as found:
        yield found


@pytest.fixture
def ground_truth() -> Path:
    """The folder of recordings and real configurations; tests that need it skip where it is absent."""
    if not GROUND_TRUTH.is_dir():
        pytest.skip(f"no ground truth at {GROUND_TRUTH}; PVE_GROUND_TRUTH names another folder")
    return GROUND_TRUTH
