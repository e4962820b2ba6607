"""Files on storages: wherever they come from, they are there once, and planned no more."""

from __future__ import annotations

import pytest

from proxmox_mpc.errors import InvalidInput
from tests.lab import lab

APPLIANCE = "alpine-3.22-default_20250617_amd64.tar.xz"


def manifest(name: str, spec: str) -> str:
    head = f"apiVersion: proxmox.io/v1\nkind: StorageFile\nmetadata: {{ name: {name} }}\n"
    return f"{head}spec: {{ storage: local, {spec} }}\n"


@pytest.mark.parametrize(
    ("name", "spec", "volume"),
    [
        ("a.iso", "content: iso, url: 'http://files.invalid/a.iso.gz', compression: gz", "local:iso/a.iso"),
        ("alpine", f"content: vztmpl, appliance: {APPLIANCE}", f"local:vztmpl/{APPLIANCE}"),
        ("web", "content: vztmpl, image: 'docker.io/library/nginx:1.27'", "local:vztmpl/web.tar"),
    ],
)
async def test_a_file_is_fetched_once_and_removed(name: str, spec: str, volume: str) -> None:
    async with lab() as it:
        text = manifest(name, spec)
        await it.apply(text)
        assert volume in {live.identity["volid"] for live in await it.lives("StorageFile")}
        assert (await it.plan(text)).is_empty
        await it.apply("", prune=True, allow=7)
        assert volume not in {live.identity["volid"] for live in await it.lives("StorageFile")}


@pytest.mark.parametrize(
    ("options", "spec", "message", "hint"),
    [
        ({}, "content: vztmpl, appliance: alpine-3.22-default", "PVE offers no", APPLIANCE),
        ({}, "content: iso, appliance: x", "what comes from appliance is a vztmpl", "vztmpl"),
        ({}, "content: iso", "nothing says where it comes from", "url, source, appliance, image"),
        ({}, "content: iso, url: 'http://a.invalid/a.iso', source: a.iso", "spec.url or spec.source say", "one of"),
        ({"pve_version": "8.4"}, "content: vztmpl, image: 'nginx:1'", "PVE 8.4 takes no images", "spec.url"),
    ],
)
async def test_a_file_from_nowhere_is_refused(options: dict[str, str], spec: str, message: str, hint: str) -> None:
    async with lab(**options) as it:
        with pytest.raises(InvalidInput) as error:
            await it.plan(manifest("x", spec))
    assert message in str(error.value)
    assert hint in error.value.hint


async def test_what_says_nothing_of_where_a_file_comes_from_is_refused() -> None:
    """A checksum that nobody checks would be worse than none."""
    async with lab() as it:
        for spec in (
            "content: vztmpl, image: 'nginx:1', checksum: abc",
            f"content: vztmpl, appliance: {APPLIANCE}, compression: gz",
        ):
            with pytest.raises(InvalidInput, match="says nothing of what comes from"):
                await it.plan(manifest("x", spec))
