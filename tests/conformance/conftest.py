"""What the tests with foreign clients share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.conformance.process import simulator
from tests.conformance.shop import SEED


@pytest.fixture(scope="module")
def demo() -> Iterator[dict[str, Any]]:
    """The demo cluster: three nodes, a template, no waiting."""
    with simulator() as greeting:
        yield greeting


@pytest.fixture(scope="module")
def shop() -> Iterator[dict[str, Any]]:
    """A cluster with some of everything; for those who only look."""
    with simulator("--preset", "empty", seed=SEED) as greeting:
        yield greeting
