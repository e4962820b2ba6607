"""The world of the attacks: made once, for they must change nothing of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rest import Document
from tests.server.running import serving
from tests.server.security.world import World


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("world"), "--simulate", LOG_LEVEL="DEBUG", OUTBOUND_ALLOW="") as served:
        yield World(served, Document.of(served.url), served.admin()).make()


@pytest.fixture(scope="module")
def gullible(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server that may connect to this machine, where the tests' own clusters stand."""
    with serving(tmp_path_factory.mktemp("gullible")) as served:
        yield World(served, Document.of(served.url), served.admin())
