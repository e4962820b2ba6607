"""A fake PVE server, a clock that a test moves, and a client between them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from proxmox_mpc.pve import Cluster, Limits, Password, Retry, SystemTrust, Target, Token
from tests.unit.pve.certificates import Certificate, self_signed
from tests.unit.pve.fake_pve import TOKEN, FakePve, FakeTime


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
async def server() -> AsyncIterator[FakePve]:
    async with FakePve().serving() as fake:
        yield fake


@pytest.fixture
def connect(server: FakePve, time: FakeTime) -> Callable[..., Cluster]:
    """A client of the server; `async with connect() as pve`."""

    def connect(
        *endpoints: str,
        auth: Token | Password = TOKEN,
        trust: Any = None,
        limits: Limits | None = None,
        retry: Retry | None = None,
    ) -> Cluster:
        target = Target(endpoints or (server.url,), auth, trust or SystemTrust())
        return Cluster(target, clock=time.clock(), random=lambda: 0.5, limits=limits, retry=retry)

    return connect


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def other_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("other-certificate"))
