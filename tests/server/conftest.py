"""Servers that tests share: starting one takes a second or two."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.running import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with its simulated cluster, on SQLite."""
    with serving(tmp_path_factory.mktemp("server"), "--simulate") as one:
        yield one


@pytest.fixture(scope="module")
def admin(served: Served) -> str:
    """An access token of its admin."""
    return served.admin()
