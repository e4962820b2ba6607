"""Package repositories: what PVE offers is added, what is there is switched, and nothing else is touched."""

from __future__ import annotations

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab


async def states(it: Lab) -> dict[str, bool]:
    return {live.key.name: live.fields["enabled"] is True for live in await it.lives("APTRepository")}


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_a_customer_repository_is_switched_off_and_the_public_one_added(version: str) -> None:
    suffix = "sources" if version == "9.1" else "list"
    wanted = {"enterprise": False, "no-subscription": True, f"debian.{suffix}:1": False}
    text = yaml.safe_dump_all(
        [manifest("APTRepository", f"pve-node1/{name}", {"enabled": on}) for name, on in wanted.items()]
    )
    async with lab(pve_version=version) as it:
        before = await states(it)
        await it.apply(text)
        now = await states(it)
        assert {name: on for name, on in now.items() if before[name] != on} == {
            f"pve-node1/{name}": on for name, on in wanted.items()
        }
        assert (await it.plan(text)).is_empty
        await it.apply("", prune=True)
        assert (await states(it))["pve-node1/no-subscription"] is False
        assert (await states(it))[f"pve-node1/debian.{suffix}:1"] is False, "only what PVE offers is switched off"


async def test_an_unknown_one_is_refused_with_those_that_there_are() -> None:
    async with lab() as it:
        with pytest.raises(InvalidInput) as said:
            await it.plan(yaml.safe_dump(manifest("APTRepository", "pve-node1/nightly", {"enabled": True})))
        assert "pve-node1/no-subscription" in said.value.hint
