"""A cordon stands in the node's own notes: hidden from what people declare there, and never lost by it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.actions._views import manifest
from proxmox_mpc.kinds import _cordon, find_kind
from proxmox_mpc.kinds._cordon import Cordon
from tests.lab import Lab, lab

ONE = "pve-node1"
CORDON = Cordon("amy", "2026-11-21 10:00 UTC", ("vm:100", "ct:101"))


def config(**spec: Any) -> str:
    head = {"apiVersion": "proxmox.io/v1", "kind": "NodeConfig", "metadata": {"name": ONE}}
    return yaml.safe_dump({**head, "spec": spec})


async def cordon(it: Lab, own: str = "") -> None:
    text = _cordon.joined(own, CORDON)
    await it.pve.put("/nodes/{node}/config", {"node": ONE, "description": text})


async def notes(it: Lab) -> tuple[str, Cordon | None]:
    answer = await it.pve.get("/nodes/{node}/config", {"node": ONE})
    return _cordon.split(answer.get("description", ""))


@pytest.mark.parametrize("own", ["", "Rack 4", "Rack 4\n\nbelow the switch"])
def test_notes_and_cordon_come_apart_as_they_were_put_together(own: str) -> None:
    assert _cordon.split(_cordon.joined(own, CORDON) + "\n") == (own, CORDON)
    assert _cordon.split(_cordon.joined(own, None)) == (own, None)


async def test_a_cordon_is_no_drift_and_is_not_exported() -> None:
    async with lab() as it:
        await it.apply(config(description="Rack 4", startDelay=5))
        await cordon(it, "Rack 4")
        assert (await it.plan(config(description="Rack 4", startDelay=5))).is_empty
        document = manifest(find_kind("NodeConfig"), await it.live("NodeConfig", ONE))
        assert document["spec"]["description"] == "Rack 4"
        await cordon(it)
        assert "description" not in manifest(find_kind("NodeConfig"), await it.live("NodeConfig", ONE))["spec"]


async def test_notes_are_written_and_taken_away_around_the_cordon() -> None:
    async with lab() as it:
        await cordon(it)
        await it.apply(config(description="Rack 4", startDelay=5))
        assert await notes(it) == ("Rack 4", CORDON)
        await it.apply(config(startDelay=7))
        assert await notes(it) == ("", CORDON)
        await it.apply(config())
        assert await notes(it) == ("", CORDON)
        await it.apply(config(description="Rack 5"))
        assert await notes(it) == ("Rack 5", CORDON)
        await it.delete(await it.live("NodeConfig", ONE))
        assert await notes(it) == ("", CORDON)
