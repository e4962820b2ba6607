from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from proxmox_mpc.charts.chart import load_files
from proxmox_mpc.charts.errors import BadChart, BadRepository
from proxmox_mpc.charts.oci_layout import read_layout, write_layout
from proxmox_mpc.charts.packaging import Package, package
from proxmox_mpc.charts.repository import fetch_chart, fetch_index, indexed, read_index, search, write_index

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def made(name: str, version: str, more: str = "") -> Package:
    return package(load_files({"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}".encode()}))


PACKAGES = [
    made("web", "1.0.0"),
    made("web", "1.1.0"),
    made("web", "2.0.0-rc.1"),
    made("web", "1.2.0+x"),
    made("proxy", "0.1.0", "description: before the Web\n"),
    made("store", "0.1.0", "keywords: [database, web]\n"),
]
INDEX = indexed(PACKAGES, NOW)


@pytest.mark.parametrize(
    ("version", "found"),
    [("", "1.2.0+x"), ("1.0", "1.0.0"), ("~1.1", "1.1.0"), (">1-0", "2.0.0-rc.1"), ("2.0.0-rc.1", "2.0.0-rc.1")],
)
def test_the_version_that_is_named_or_the_newest_that_fits(version: str, found: str) -> None:
    assert INDEX.find("web", version).version == found


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("x", "", "no chart name found"),
        ("web", "3.x", "no chart version found for web-3.x"),
        ("web", "x y", 'improper constraint: "x y"'),
    ],
)
def test_what_an_index_does_not_have(name: str, version: str, message: str) -> None:
    with pytest.raises(BadRepository) as caught:
        INDEX.find(name, version)
    assert str(caught.value) == message


def test_a_search_finds_names_before_descriptions_before_keywords() -> None:
    found = search({"lab": INDEX}, "WEB")
    assert [(one.name, one.version.version) for one in found] == [
        ("lab/web", "1.2.0+x"),
        ("lab/proxy", "0.1.0"),
        ("lab/store", "0.1.0"),
    ]
    assert len(search({"lab": INDEX}, "lab/web", every=True)) == 3
    assert [one.version.version for one in search({"lab": INDEX}, "lab/web", version=">0-0")] == ["2.0.0-rc.1"]
    assert search({"lab": INDEX}, "nothing") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty index.yaml file"),
        ("entries: {}", "no API version specified"),
        ("- a", "must be a map"),
        ("apiVersion: v1\nentries: [a]", "must be a map"),
        ("apiVersion: v1\nentries: {a: [3]}", "cannot unmarshal number"),
        ("a: [", "did not find expected node content"),
        ('{"apiVersion": ', "unexpected EOF"),
        ("[" * 100_000, "max depth"),
        ('{"a":' * 100_000, "max depth"),
    ],
)
def test_an_index_that_is_none(text: str, message: str) -> None:
    began = time.process_time()
    with pytest.raises(BadRepository, match=message):
        read_index(text)
    assert time.process_time() - began < 2


def test_entries_that_no_chart_can_have_are_left_out_and_told() -> None:
    index = read_index(
        "apiVersion: v1\nentries: {a: [{name: a, version: x}, {name: a, version: 1.0.0}, {name: ../a}, null]}"
    )
    assert [one.version for one in index.entries["a"]] == ["1.0.0"]
    assert len(index.remarks) == 3


def test_a_chart_is_fetched_from_beside_its_index_and_checked() -> None:
    asked = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        return write_index(INDEX).encode() if url.endswith("index.yaml") else PACKAGES[1].data

    index = asyncio.run(fetch_index("https://charts.example/stable/", fetch))
    one = index.find("web", "1.1.0")
    assert asyncio.run(fetch_chart("https://charts.example/stable/", one, fetch)) == PACKAGES[1]
    assert asked == ["https://charts.example/stable/index.yaml", "https://charts.example/stable/web-1.1.0.tgz"]
    for wrong, message in [
        (replace(one, digest="0" * 64), "is not what the index says"),
        (replace(one, urls=("file:///etc/passwd",)), "is not on the web"),
        (replace(one, urls=()), "has no downloadable URLs"),
    ]:
        with pytest.raises(BadRepository, match=message):
            asyncio.run(fetch_chart("https://charts.example/stable/", wrong, fetch))


def test_charts_go_into_a_layout_and_come_back() -> None:
    files = write_layout(PACKAGES[0])
    files |= write_layout(PACKAGES[3], "signed", index=files["index.json"])
    files |= write_layout(PACKAGES[3], "signed", index=files["index.json"])
    assert len(json.loads(files["index.json"])["manifests"]) == 2
    assert read_layout(files.__getitem__, "1.0.0") == (PACKAGES[0], "")
    assert read_layout(files.__getitem__, "1.2.0+x") == (PACKAGES[3], "signed")
    with pytest.raises(BadRepository, match=r"the layout has 2 charts; its tags are: 1\.0\.0, 1\.2\.0_x"):
        read_layout(files.__getitem__)


def test_a_layout_whose_blobs_are_something_else() -> None:
    files = write_layout(PACKAGES[0])
    blob = f"blobs/sha256/{PACKAGES[0].digest}"
    with pytest.raises(BadRepository, match="is something else"):
        read_layout({**files, blob: PACKAGES[1].data}.__getitem__)
    outside = files["index.json"].replace(b"sha256:", b"../../etc/passwd:")
    with pytest.raises(BadRepository, match="names a blob that is none"):
        read_layout({**files, "index.json": outside}.__getitem__)
    for broken in (b"", b"[]", b"[" * 100_000, b'{"manifests": [3]}'):
        with pytest.raises(BadRepository):
            read_layout({**files, "index.json": broken}.__getitem__)


def test_only_charts_go_into_a_layout() -> None:
    with pytest.raises(BadChart):
        write_layout(Package("x.tgz", b"x"))
