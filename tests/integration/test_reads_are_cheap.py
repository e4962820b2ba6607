"""What a command asks of the cluster: one bulk read, and the configurations of the guests that matter."""

from __future__ import annotations

from typing import Any, cast

import pytest

from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.get import GetRequest, get
from tests.lab import Lab
from tests.lab import lab as make_lab


class Looking:
    """The one part of a session that reading needs."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.who = Who("ann", Access.everything())

    async def view(self) -> Any:
        return self.lab.view()


async def asked(lab: Lab, request: GetRequest) -> list[str]:
    """The reads of one `get`, without the question for the version."""
    await lab.pve.version()
    before = lab.sim.requests.total
    await get.run(cast(Session, Looking(lab)), request)
    made = lab.sim.requests.total - before
    return [path for _, path in list(lab.sim.requests)[-made:]]


async def test_a_table_of_all_guests_is_one_read() -> None:
    async with make_lab(guests=60) as lab:
        assert await asked(lab, GetRequest(kind="vms")) == ["/cluster/resources"]


@pytest.mark.parametrize("names", [["debian-12-template"], ["9000"]])
async def test_one_guest_in_full_reads_only_its_own_configuration(names: list[str]) -> None:
    async with make_lab(guests=60) as lab:
        paths = await asked(lab, GetRequest(kind="vmt", names=names, full=True))
        assert paths == ["/cluster/resources", "/nodes/pve-node1/qemu/9000/config"]


async def test_a_plan_of_unchanged_guests_reads_each_once_and_nothing_per_guest_besides() -> None:
    async with make_lab() as lab:
        text = "---\n".join(
            f"apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: {{ name: vm{n} }}\nspec: {{ memory: 64 }}\n"
            for n in range(20)
        )
        await lab.apply(text)
        before = lab.sim.requests.total
        assert (await lab.plan(text)).is_empty
        paths = [path for _, path in list(lab.sim.requests)[-(lab.sim.requests.total - before) :]]
        assert sum(path.endswith("/config") for path in paths) == 20
        assert len(paths) <= 20 + 3, paths
