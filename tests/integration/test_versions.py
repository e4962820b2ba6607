"""What a version of PVE lacks is refused before anything happens, with what to write instead."""

from __future__ import annotations

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.kinds import find_kind
from tests.integration.test_every_kind import manifest
from tests.lab import Lab, lab

NODES = ["pve-node1:2", "pve-node2"]
GROUP = ("HAGroup", "left", {"nodes": NODES, "restricted": True})
RULE = ("HARule", "left", {"type": "node-affinity", "nodes": NODES, "strict": True, "resources": ["vm:9000"]})
APART = ("HARule", "apart", {"type": "resource-affinity", "affinity": "negative", "resources": ["vm:9000"]})
IN_GROUP = ("HAResource", "vm:9000", {"group": "left"})


async def refused(it: Lab, kind: str, name: str, spec: dict[str, object]) -> str:
    with pytest.raises(InvalidInput) as error:
        await it.plan(yaml.safe_dump(manifest(kind, name, spec)))
    assert it.writes() == []
    return error.value.hint


@pytest.mark.parametrize(
    ("version", "wanted", "instead"),
    [("9.1", GROUP, "HARule"), ("8.4", RULE, "HAGroup"), ("9.1", IN_GROUP, "HARule")],
)
async def test_the_rewrite_that_is_suggested_is_a_manifest(
    version: str, wanted: tuple[str, str, dict[str, object]], instead: str
) -> None:
    async with lab(pve_version=version) as it:
        hint = await refused(it, *wanted)
    document = yaml.safe_load(hint.partition(":\n")[2])
    assert (document["kind"], document["metadata"]["name"]) == (instead, "left")
    find_kind(instead).model.model_validate(document["spec"])


async def test_what_has_no_counterpart_says_so() -> None:
    async with lab(pve_version="8.4") as it:
        assert "cannot keep guests together or apart" in await refused(it, *APART)
        assert "9.0" in await refused(it, "SDNFabric", "spine", {"protocol": "openfabric", "ipPrefix": "10.0.0.0/24"})
