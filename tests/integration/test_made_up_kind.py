"""A new kind is one file of declarations and one line: then everything that works with kinds works with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from proxmox_mpc import kinds
from proxmox_mpc.actions._writing_down import of_kind
from proxmox_mpc.actions.get import GetRequest
from proxmox_mpc.kinds._described import described
from proxmox_mpc.kinds._json_schema import json_schema
from tests.integration import made_up
from tests.lab import lab

RED = made_up.KIND.example


@pytest.fixture(autouse=True)
def team() -> Iterator[None]:
    kinds.add(made_up.KIND)
    yield
    kinds._added.clear()
    kinds.all_kinds.cache_clear()


async def test_it_is_applied_changed_exported_and_deleted() -> None:
    async with lab() as it:
        await it.apply(RED)
        assert (await it.plan(RED)).is_empty
        await it.apply(RED.replace("First", "Second"))
        assert (await it.live("team", "red")).fields == {"motto": "Second"}
        files, _ = await of_kind(it.view(), kinds.find_kind("tm"), GetRequest(kind="team"))
        assert [file.path for file in files] == ["cluster/teams/red.yaml"]
        assert (await it.plan(files[0].content)).is_empty
        await it.apply("", prune=True)
        assert await it.lives("team") == []


def test_it_is_explained_and_described_to_editors() -> None:
    assert [field.example for field in described(made_up.KIND)] == ["motto: …"]
    assert "Team" in json_schema(kinds.all_kinds())["properties"]["kind"]["enum"]
    assert made_up.KIND in kinds.all_kinds()


def test_its_words_must_be_free() -> None:
    with pytest.raises(ValueError, match="'vm' is a word for another kind"):
        kinds.add(replace(made_up.KIND, short=("vm",)))
