from __future__ import annotations

import gzip
import io
import os
import tarfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.charts.archive import MAX_ENTRIES, inside
from proxmox_mpc.charts.chart import load_archive, load_files, load_folder
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.ignoring import pattern

CHART = b"apiVersion: proxmox.io/v1\nname: c\nversion: 0.1.0\nfoo: bar\n"


def tgz(*entries: tuple[str, bytes, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, kind, content in [("c/Chart.yaml", tarfile.REGTYPE, CHART), *entries]:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = kind, "/etc/passwd", len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def test_a_chart_of_this_product_keeps_integers_and_has_kinds() -> None:
    chart = load_files({"values.yaml": b"a: 1\nb: 1.5", "Chart.yaml": CHART, "kinds/a.yaml": b"k", "crds/b.yaml": b""})
    assert (chart.integers, repr(chart.values), [file.name for file in chart.kinds]) == (
        True,
        "{'a': 1, 'b': 1.5}",
        ["kinds/a.yaml"],
    )
    assert chart.given["foo"] == "bar"


def test_every_chart_in_a_chart_has_its_path() -> None:
    chart = load_files(
        {
            "Chart.yaml": CHART,
            "charts/x/Chart.yaml": b"name: x\nversion: 1.0.0",
            "charts/x/charts/z/Chart.yaml": b"name: z\nversion: 1.0.0",
        }
    )
    assert [path for path, _ in chart.walk()] == ["c", "c/charts/x", "c/charts/x/charts/z"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_an_archive_holds_no_links_and_no_devices(kind: bytes) -> None:
    with pytest.raises(BadChart, match='a link or a device: "c/l"'):
        load_archive(tgz(("c/l", kind, b"")))


def test_an_archive_of_archives_cannot_multiply() -> None:
    inner = tgz(*((f"c/{n}", tarfile.REGTYPE, b"\0" * (5 << 20)) for n in range(5)))
    bomb = tgz(*((f"c/charts/{n}.tgz", tarfile.REGTYPE, inner) for n in range(10)))
    assert len(bomb) < 2_000_000
    with pytest.raises(BadChart, match="larger than the maximum size"):
        load_archive(bomb)


def test_charts_do_not_nest_without_end() -> None:
    files = {"charts/x/" * depth + "Chart.yaml": CHART for depth in range(200)}
    with pytest.raises(BadChart, match="nested more than 30 deep"):
        load_files(files)


def test_many_empty_entries_are_refused() -> None:
    header = tarfile.TarInfo("c/x").tobuf()
    began = time.process_time()
    with pytest.raises(BadChart, match=f"more than {MAX_ENTRIES} files"):
        load_archive(gzip.compress(header * (MAX_ENTRIES + 1), 1))
    assert time.process_time() - began < 5


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    (folder / "Chart.yaml").write_bytes(CHART)
    (tmp_path / "secret").write_text("x")
    os.symlink("../secret", folder / "l")
    with pytest.raises(BadChart, match="the link l leads out of the chart"):
        load_folder(folder)
    (folder / ".helmignore").write_text("nothing")
    (folder / "l").unlink()
    os.symlink(".", folder / "l")
    with pytest.raises(BadChart, match="the link l leads to a folder that it stands in"):
        load_folder(folder)
    (folder / "l").unlink()
    os.symlink("nowhere", folder / "l")
    with pytest.raises(BadChart, match="leads nowhere"):
        load_folder(folder)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadChart, match="no such file or directory"):
        load_folder(tmp_path / "c")


@given(st.binary(max_size=300) | st.builds(lambda raw: gzip.compress(raw, 1), st.binary(max_size=1200)))
def test_any_bytes_are_a_chart_or_an_error(data: bytes) -> None:
    with suppress(BadChart):
        load_archive(data)


@given(st.data())
def test_a_damaged_archive_is_a_chart_or_an_error(data: st.DataObject) -> None:
    stream = io.BytesIO(gzip.decompress(tgz(("c/templates/a", tarfile.REGTYPE, b"x"), ("c/" + "y" * 200, b"x", b""))))
    raw = bytearray(stream.getvalue()[:4096])
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), min_size=1, max_size=8)):
        raw[place] = data.draw(st.integers(0, 255))
    with suppress(BadChart):
        load_archive(gzip.compress(bytes(raw), 1))


@given(st.text(alphabet="./\\c:aC", max_size=12))
def test_no_path_leads_out(path: str) -> None:
    try:
        name = inside(path)
    except BadChart:
        return
    assert not name.startswith(("/", "..")), name
    assert "c:/" not in name[:3].lower()


def test_no_pattern_is_slow() -> None:
    began = time.process_time()
    assert not pattern("*a" * 100 + "b").fullmatch("a" * 255)
    assert time.process_time() - began < 1
