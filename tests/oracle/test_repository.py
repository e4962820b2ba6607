from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from proxmox_mpc.charts.chart import load_folder
from proxmox_mpc.charts.dependencies import Vendored, built, in_step, statuses, updated
from proxmox_mpc.charts.errors import BadChart, BadRepository
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.repository import indexed, read_index, write_index
from tests.oracle.test_chart_files import write

helm = pytest.importorskip("helm_python", reason="the real Helm engine is not installed")

NOW = datetime(2026, 11, 22, 2, 30, 5, 123400, UTC)
CHARTS = {
    "a-1.0.0": "",
    "a-1.2.0": "description: 'say: hi'\nkeywords: [x]\n",
    "a-1.10.0-rc.1": "deprecated: true\n",
    "a-2.0.0": "appVersion: 1.10\n",
    "b-0.1.0": "dependencies: [{name: a, version: 1.x, repository: 'https://x'}]\n",
}
OLD = """\
apiVersion: v1
generated: '2020-01-01T00:00:00Z'
entries:
  a:
  - {name: a, version: 0.9.0, urls: [old], digest: q, created: '2020-01-01T00:00:00Z'}
  - {name: a, version: 1.0.0, urls: [older]}
  - {name: a, version: nonsense}
  z:
  - {name: z, version: 1.0.0}
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder of packages that a server on this machine serves, and its URL."""
    folder = tmp_path_factory.mktemp("repository")
    for full, more in CHARTS.items():
        name, _, version = full.partition("-")
        about = f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}"
        inner = {"charts/a/Chart.yaml": "name: a\nversion: 1.0.0"} if name == "b" else {}
        helm.package(write(tmp_path_factory.mktemp("chart"), {"Chart.yaml": about, **inner}), destination=folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Quiet(*given, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    helm.repo_index_generate(folder, base_url=url)
    yield folder, url
    server.shutdown()
    server.server_close()


def packages(folder: Path) -> list[Package]:
    return [Package(path.name, path.read_bytes()) for path in sorted(folder.glob("*.tgz"))]


def untimed(text: str) -> str:
    return re.sub(r'(created|generated): "2026-.*"', r"\1: now", text)


@pytest.mark.parametrize("base", ["", "https://x/y/", "http://q", "https://x/y?z=1"])
@pytest.mark.parametrize("merged", [False, True])
def test_an_index_is_written_as_helm_writes_it(
    base: str, merged: bool, repository: tuple[Path, str], tmp_path: Path
) -> None:
    for one in packages(repository[0]):
        (tmp_path / one.name).write_bytes(one.data)
    (tmp_path / "broken.tgz").write_bytes(b"x")
    (tmp_path / "old.yaml").write_text(OLD)
    helm.repo_index_generate(tmp_path, base_url=base or None, merge=tmp_path / "old.yaml" if merged else None)
    theirs = (tmp_path / "index.yaml").read_text()
    made = indexed(packages(tmp_path), NOW, base_url=base, merged=read_index(OLD) if merged else None)
    assert untimed(write_index(made)) == untimed(theirs)
    assert write_index(read_index(theirs)) == theirs
    assert (
        write_index(read_index(json.dumps(helm.repo_index_generate(tmp_path)))) == (tmp_path / "index.yaml").read_text()
    )


PACK = "apiVersion: v2\nname: c\nversion: 1.0.0\n"
SUB = "charts/s/Chart.yaml"


@pytest.mark.parametrize(
    "there",
    [
        {},
        {SUB: "name: s\nversion: 1.2.3"},
        {SUB: "name: s\nversion: 2.2.3"},
        {"charts/s-1.2.3.tgz": "s-1.2.3"},
        {"charts/s-2.2.3.tgz": "s-2.2.3"},
        {"charts/s-1.0.0.tgz": "t-1.2.3"},
        {"charts/s-1.0.0.tgz": "s-1.0.0", "charts/s-1.1.0.tgz": "s-1.1.0"},
        {"charts/s-1.0.0.tgz": "s-1.0.0", "charts/s-foo-1.1.0.tgz": "s-1.1.0"},
        {"charts/s-1.tgz": "s-1.0.0", "charts/s-2.tgz": "s-1.0.0"},
        {"charts/foo.tgz": "s-1.0.0"},
    ],
)
@pytest.mark.parametrize("wanted", ["1.x", "x y", "1.2.3"])
def test_how_dependencies_stand(there: dict[str, str], wanted: str, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "c", {"Chart.yaml": f"{PACK}dependencies: [{{name: s, version: {wanted}, repository: x}}]"}
    )
    for path, content in there.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path == SUB:
            target.write_text(content)
        else:
            name, _, version = content.partition("-")
            source = write(tmp_path / content, {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n"})
            target.write_bytes(Path(helm.package(source, destination=tmp_path)).read_bytes())
    ours = [one.status for one in statuses(load_folder(folder))]
    assert ours == [one["status"] for one in helm.dependency_list(folder)]


async def fetch(url: str) -> bytes:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.read()


def resolve(folder: Path, *, build: bool = False) -> Vendored | str:
    def open_folder(path: str) -> Any:
        try:
            return load_folder(folder / path)
        except BadChart:
            raise BadRepository(f"directory {path} not found") from None

    chart = load_folder(folder)
    try:
        if build:
            return asyncio.run(built(chart, fetch=fetch, open_folder=open_folder))
        return asyncio.run(updated(chart, NOW, fetch=fetch, open_folder=open_folder))
    except (BadChart, BadRepository) as error:
        return str(error).replace("directory charts/", f"directory {folder}/charts/")


NEEDS = {
    "range": "{name: a, version: 1.x, repository: 'URL'}",
    "prerelease": "{name: a, version: '>=1.0.0-0 <2', repository: 'URL', alias: q, tags: ['a<b'], condition: q.on,"
    " import-values: [a, {child: b, parent: c}]}",
    "two": "{name: a, version: ^1.0.0, repository: 'URL'}, {name: s, version: '*', repository: 'file://../s'}",
    "same-twice": "{name: a, version: 1.x, repository: 'URL'}, {name: a, version: 2.x, repository: 'URL', alias: b}",
    "folder": "{name: s, version: 1.x, repository: 'file://../s'}",
    "folder-misfit": "{name: s, version: 2.x, repository: 'file://../s'}",
    "folder-absent": "{name: s, version: 2.x, repository: 'file:///nowhere'}",
    "misfit": "{name: a, version: 3.x, repository: 'URL'}, {name: b, version: 3.x, repository: 'URL'}",
    "unknown": "{name: zz, version: 3.x, repository: 'URL'}",
    "no-range": "{name: a, version: 'x y', repository: 'URL'}",
    "local": "{name: t, version: 1.x}",
    "local-absent": "{name: u, version: 1.x}",
}


def test_helm_gets_charts_by_our_index(repository: tuple[Path, str], tmp_path: Path) -> None:
    folder, url = repository
    theirs = (folder / "index.yaml").read_text()
    needs = f"{PACK}dependencies: [{{name: a, version: 1.x, repository: '{url}'}}]\n"
    chart = write(tmp_path / "c", {"Chart.yaml": needs})
    try:
        for base in ("", url):
            (folder / "index.yaml").write_text(write_index(indexed(packages(folder), NOW, base_url=base)))
            helm.dependency_update(chart)
            got = chart / "charts" / "a-1.2.0.tgz"
            assert got.read_bytes() == (folder / "a-1.2.0.tgz").read_bytes()
            got.unlink()
    finally:
        (folder / "index.yaml").write_text(theirs)


@pytest.mark.parametrize("case", NEEDS)
def test_dependencies_are_locked_as_helm_locks_them(case: str, repository: tuple[Path, str], tmp_path: Path) -> None:
    write(tmp_path / "s", {"Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.2.3\n"})
    needs = f"{PACK}dependencies: [{NEEDS[case]}]\n".replace("URL", repository[1])
    folder = write(tmp_path / "c", {"Chart.yaml": needs, "charts/t/Chart.yaml": "name: t\nversion: 1.0.0"})
    ours = resolve(folder)
    if isinstance(ours, str):
        with pytest.raises(helm.HelmError) as caught:
            helm.dependency_update(folder)
        assert ours == str(caught.value)
        return
    helm.dependency_update(folder)
    assert untimed(ours.lock_text) == untimed((folder / "Chart.lock").read_text())
    assert sorted(one.name for one in ours.packages) == sorted(path.name for path in (folder / "charts").glob("*.tgz"))
    again = resolve(folder, build=True)
    assert isinstance(again, Vendored), again
    assert {one.name: one.digest for one in again.packages} == {one.name: one.digest for one in ours.packages}
    helm.dependency_build(folder)


def test_a_lock_that_is_out_of_step_is_refused_as_helm_refuses_it(repository: tuple[Path, str], tmp_path: Path) -> None:
    needs = f"{PACK}dependencies: [{{name: a, version: 1.x, repository: '{repository[1]}'}}]\n"
    folder = write(tmp_path / "c", {"Chart.yaml": needs})
    helm.dependency_update(folder)
    assert in_step(load_folder(folder))
    (folder / "Chart.yaml").write_text(needs.replace("1.x", "2.x"))
    assert not in_step(load_folder(folder))
    with pytest.raises(helm.HelmError) as caught:
        helm.dependency_build(folder)
    assert resolve(folder, build=True) == str(caught.value)
