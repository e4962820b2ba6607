"""Charts from repositories: a real server on this machine, good ones and bad ones."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.bootstrap import fetching
from tests.e2e.conftest import Cli

Reply = tuple[int, dict[str, str], bytes]
CHART = "apiVersion: proxmox.io/v1\nname: {name}\nversion: {version}\ndescription: {about}\nkeywords: [{word}]\n"
POOL = """\
apiVersion: proxmox.io/v1
kind: Pool
metadata: { name: {{ .Release.Name }} }
spec: { comment: {{ .Values.comment | quote }} }
"""


@dataclass
class Server:
    """A web server that serves a folder, and whatever a test says instead; it remembers who asked for what."""

    folder: Path
    url: str = ""
    login: str = ""
    replies: dict[str, Callable[[], Reply]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, path: str, authorization: str) -> Reply:
        self.asked.append((path, authorization))
        if self.login and authorization != "Basic " + base64.b64encode(self.login.encode()).decode():
            return 401, {"WWW-Authenticate": "Basic"}, b"who are you"
        if path in self.replies:
            return self.replies[path]()
        file = self.folder / path.lstrip("/")
        return (200, {}, file.read_bytes()) if file.is_file() else (404, {}, b"")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Makes servers, each with a folder and a port of its own."""
    running: list[ThreadingHTTPServer] = []

    def make(name: str = "public", login: str = "") -> Server:
        server = Server(tmp_path / name, login=login)
        server.folder.mkdir(exist_ok=True)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = server.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):  # who asked has read enough
                    self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        running.append(http)
        server.url = f"http://127.0.0.1:{http.server_port}"
        return server

    yield make
    for http in running:
        http.shutdown()
        http.server_close()


def publish(cli: Cli, server: Server, name: str, *versions: str, needs: str = "", about: str = "Pools") -> None:
    for version in versions:
        cli.write(f"{name}/Chart.yaml", CHART.format(name=name, version=version, about=about, word="tenant") + needs)
        cli.write(f"{name}/values.yaml", f"comment: {version}\n")
        cli.write(f"{name}/templates/pool.yaml", POOL)
        cli.ok("package", name, "-d", str(server.folder))
    cli.ok("repo", "index", str(server.folder))


@pytest.fixture
def shop(bare: Cli, serve: Callable[..., Server]) -> Server:
    """A repository with a chart `web` in four versions, known as `shop`."""
    server = serve()
    publish(bare, server, "web", "1.0.0", "1.2.0", "1.10.0", "2.0.0-rc.1")
    bare.ok("repo", "add", "shop", server.url)
    return server


def test_a_chart_is_found_looked_at_and_pulled(bare: Cli, shop: Server) -> None:
    assert "shop" in bare.ok("repo", "list").out
    (row,) = bare.ok("search", "repo", "tenant", "-o", "json").json
    assert (row["name"], row["version"]) == ("shop/web", "1.10.0"), "the newest release, by its number"
    assert [row["version"] for row in bare.ok("search", "repo", "web", "-l", "-o", "json").json] == [
        "1.10.0",
        "1.2.0",
        "1.0.0",
    ]
    assert bare.ok("search", "repo", "--devel", "-o", "json").json[0]["version"] == "2.0.0-rc.1"
    assert bare.ok("search", "repo", "^shop/w.b$", "-r", "-o", "name").out.strip() == "shop/web"
    assert "error parsing regexp" in bare("search", "repo", "(", "-r").err
    assert bare("search", "repo", "nothing", "--fail-on-no-result").code == 5
    assert "comment: 1.2.0" in bare.ok("show", "values", "shop/web", "--version", "~1.2").out
    bare.ok("pull", "shop/web", "--version", "1.0.0", "--untar", "-d", "mine")
    assert (bare.workspace / "mine" / "web" / "values.yaml").is_file()
    assert bare("pull", "shop/web", "--untar", "-d", "mine").code == 6, "nothing is overwritten"
    bare.ok("pull", "web", "--repo", shop.url, "-d", "archives")
    assert (bare.workspace / "archives" / "web-1.10.0.tgz").read_bytes() == (
        shop.folder / "web-1.10.0.tgz"
    ).read_bytes()
    bare.ok("pull", f"{shop.url}/web-1.2.0.tgz", "-d", "archives")
    assert "1.2.0" in bare.ok("template", f"{shop.url}/web-1.2.0.tgz").out


def test_a_release_comes_from_a_repository(cli: Cli, serve: Callable[..., Server]) -> None:
    server = serve()
    publish(cli, server, "web", "1.0.0", "1.2.0")
    cli.ok("repo", "add", "shop", server.url)
    cli.ok("install", "a", "shop/web", "--version", "1.0.0")
    cli.ok("install", "b", "web", "--repo", server.url, "--set", "comment=mine")
    pools = {pool["poolid"]: str(pool.get("comment")).split(" [")[0] for pool in cli.api("GET", "/pools")}
    assert pools["a"] == "1.0.0"
    assert pools["b"] == "mine"
    publish(cli, server, "web", "1.3.0")
    assert cli("upgrade", "a", "shop/web", "--version", "1.3.0").code == 5, "the index is that of the last update"
    cli.ok("repo", "update")
    cli.ok("upgrade", "a", "shop/web")
    assert {pool["poolid"]: str(pool.get("comment")).split(" [")[0] for pool in cli.api("GET", "/pools")}[
        "a"
    ] == "1.3.0"
    assert "web-1.3.0" in cli.ok("list").out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["template", "shop/wep"], 5, "did you mean web?"),
        (["template", "shop/web", "--version", "9"], 5, "the newest are 2.0.0-rc.1, 1.10.0"),
        (["template", "shop/web", "--version", "not a range"], 5, "the newest are"),
        (["template", "elsewhere/web"], 5, "REPOSITORY/NAME (shop/"),
        (["template", "oci://registry/web"], 2, "oci-layout:"),
        (["template", "ftp://host/web.tgz"], 2, "https://"),
        (["template", "http://me:secret@127.0.0.1/web.tgz"], 2, "repo add NAME URL --username"),
        (["repo", "add", "shop", "http://127.0.0.1:1"], 6, "--force"),
        (["repo", "add", "a/b", "http://127.0.0.1:1"], 1, "letters, digits"),
        (["repo", "add", "down", "http://127.0.0.1:1"], 7, "cannot be read"),
        (["repo", "add", "odd", "http://[::1"], 2, "https://"),
        (["repo", "remove", "nobody"], 5, "there are: shop"),
        (["pull", "oci-layout:nowhere"], 5, "there is no OCI layout"),
        (["push", "nothing.tgz", "public"], 2, "does not exist"),
        (["create"], 2, "KIND"),
        (["create", "vm"], 2, "its kind or its name is missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_says_what_to_type(bare: Cli, shop: Server, words: list[str], code: int, told: str) -> None:
    answer = bare(*words)
    assert answer.code == code, answer
    assert told in answer.err
    assert "Traceback" not in answer.err


def test_a_login_is_sealed_and_goes_to_its_own_host_only(bare: Cli, serve: Callable[..., Server]) -> None:
    elsewhere, private = serve("elsewhere"), serve("private", login="amy:s3cret")
    publish(bare, private, "web", "1.0.0")
    (elsewhere.folder / "web-1.0.0.tgz").write_bytes((private.folder / "web-1.0.0.tgz").read_bytes())
    refused = bare("repo", "add", "private", private.url)
    assert (refused.code, "--username" in refused.err) == (4, True)
    bare.ok("repo", "add", "private", private.url, "--username", "amy", "--password", "s3cret")
    bare.ok("pull", "private/web", "-d", "a")
    with sqlite3.connect(bare.workspace.parent / "home" / "store.db") as store:
        assert "s3cret" not in "".join(store.iterdump())
    assert "s3cret" not in bare.ok("repo", "list", "-o", "json").out
    # The archive stands on another host, or the server sends us there.
    bare.ok("repo", "index", str(private.folder), "--url", elsewhere.url)
    bare.ok("repo", "update")
    bare.ok("pull", "private/web", "-d", "b")
    bare.ok("repo", "index", str(private.folder))
    bare.ok("repo", "update")
    private.replies["/web-1.0.0.tgz"] = lambda: (302, {"Location": f"{elsewhere.url}/web-1.0.0.tgz"}, b"")
    bare.ok("pull", "private/web", "-d", "c")
    assert [path for path, _ in elsewhere.asked] == ["/web-1.0.0.tgz"] * 2
    assert {authorization for _, authorization in elsewhere.asked} == {""}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"<html>not found</html>",
        b"\x00\xff\xfe",
        b"[]",
        b"entries: {}",
        b"apiVersion: v1\nentries: [1]",
        b"apiVersion: v1\nentries: {web: [{version: [1]}]}",
        b"{" * 100_000,
        b"a: " + b"[" * 100_000,
        BOMB.encode() + b"apiVersion: v1\nentries: {web: [*i]}\n",
    ],
    ids=range(10),
)
def test_a_broken_index_is_an_error_and_the_old_one_stays(bare: Cli, shop: Server, index: bytes) -> None:
    (shop.folder / "index.yaml").write_bytes(index)
    began = time.monotonic()
    answer = bare("repo", "update")
    assert time.monotonic() - began < 20
    assert answer.code == 1, answer
    assert "of shop the charts are those of the last time" in answer.err
    assert "Traceback" not in answer.err
    assert "1.10.0" in bare.ok("search", "repo", "web").out


def test_entries_that_are_no_charts_do_not_hide_the_others(bare: Cli, shop: Server) -> None:
    listed = (shop.folder / "index.yaml").read_text()
    bad = "entries:\n  '../../etc':\n  - {name: ../../etc, version: 1.0.0, urls: [x]}\n  - null\n"
    (shop.folder / "index.yaml").write_text(listed.replace("entries:\n", bad))
    bare.ok("repo", "update")
    assert bare.ok("search", "repo", "-o", "name").out.split() == ["shop/web"]


def test_a_server_that_lies_or_dawdles_is_found_out(
    bare: Cli, shop: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = (shop.folder / "web-1.0.0.tgz").read_bytes()
    shop.replies["/web-1.10.0.tgz"] = lambda: (200, {}, other)
    lied = bare("pull", "shop/web")
    assert lied.code == 1
    assert "is not what the index says: its sha256 is" in lied.err
    assert not list(bare.workspace.glob("*.tgz"))
    shop.replies["/web-1.2.0.tgz"] = lambda: (302, {"Location": "file:///etc/passwd"}, b"")
    assert bare("pull", "shop/web", "--version", "1.2.0").code == 7
    shop.replies["/web-1.2.0.tgz"] = lambda: (302, {"Location": "/web-1.2.0.tgz"}, b"")
    assert bare("pull", "shop/web", "--version", "1.2.0").code == 7, "round and round"
    shop.replies["/web-1.2.0.tgz"] = lambda: (500, {}, b"")
    assert "answers 500" in bare("pull", "shop/web", "--version", "1.2.0").err
    monkeypatch.setattr(fetching, "PATIENCE_S", 0.3)
    slow = threading.Event()

    def late() -> Reply:
        slow.wait(5)
        return 200, {}, b""

    shop.replies["/web-1.2.0.tgz"] = late
    began = time.monotonic()
    assert bare("pull", "shop/web", "--version", "1.2.0").code == 7
    assert time.monotonic() - began < 4
    slow.set()
    monkeypatch.setattr(fetching, "FETCH_LIMIT", 1000)
    shop.replies["/index.yaml"] = lambda: (200, {}, b"x" * 100_000)
    assert "answers more than" in bare("repo", "update").err


def test_an_archive_of_a_repository_leads_nowhere_else(bare: Cli, shop: Server) -> None:
    import io
    import tarfile

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name in ("web/Chart.yaml", "web/../../escaped"):
            data = b"apiVersion: v2\nname: web\nversion: 3.0.0\n"
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    (shop.folder / "evil.tgz").write_bytes(stream.getvalue())
    answer = bare("pull", f"{shop.url}/evil.tgz", "--untar")
    assert answer.code == 1
    assert "illegally" in answer.err
    assert not list(bare.workspace.parent.rglob("escaped"))


def test_one_repository_that_fails_does_not_stop_the_others(
    bare: Cli, shop: Server, serve: Callable[..., Server]
) -> None:
    other = serve("other")
    publish(bare, other, "db", "1.0.0")
    bare.ok("repo", "add", "other", other.url)
    (shop.folder / "index.yaml").unlink()
    publish(bare, other, "cache", "1.0.0")
    answer = bare("repo", "update")
    assert answer.code == 1
    assert "✓ other: 2 charts" in answer.out
    assert "answers 404" in answer.err
    assert "other/cache" in bare.ok("search", "repo").out
    bare.ok("repo", "remove", "shop")
    bare.ok("repo", "update")


def test_archives_are_published_in_folders_and_layouts(bare: Cli, shop: Server) -> None:
    bare.ok("push", str(shop.folder / "web-1.0.0.tgz"), "mirror")
    bare.ok("push", str(shop.folder / "web-1.2.0.tgz"), "mirror", "--url", "https://charts.example.com/x")
    index = (bare.workspace / "mirror" / "index.yaml").read_text()
    assert "https://charts.example.com/x/web-1.2.0.tgz" in index
    assert "- web-1.0.0.tgz" in index
    bare.write("other/Chart.yaml", CHART.format(name="web", version="1.0.0", about="another", word="x"))
    bare.ok("package", "other", "-d", "again")
    assert bare("push", "again/web-1.0.0.tgz", "mirror").code == 6, "what is published stays as it is"
    for version in ("1.0.0", "1.2.0", "2.0.0-rc.1"):
        bare.ok("push", str(shop.folder / f"web-{version}.tgz"), "oci-layout:images")
    assert "comment: 1.2.0" in bare.ok("show", "values", "oci-layout:images/web").out, "the newest release"
    assert "comment: 1.0.0" in bare.ok("show", "values", "oci-layout:images/web:1.0.0").out
    assert "it holds: web" in bare("show", "values", "oci-layout:images").err
    blob = max((bare.workspace / "images/web/blobs/sha256").iterdir(), key=lambda file: file.stat().st_size)
    blob.write_bytes(b"something else")
    broken = [
        bare("show", "values", f"oci-layout:images/web:{version}") for version in ("1.0.0", "1.2.0", "2.0.0-rc.1")
    ]
    assert sorted(answer.code for answer in broken) == [0, 0, 1]


@pytest.mark.parametrize(
    "index",
    ["", "{}", "[]", '{"manifests": 5}', '{"manifests": [{"annotations": []}]}']
    + [
        json.dumps({"manifests": [{"annotations": {"org.opencontainers.image.ref.name": tag}, "digest": digest}]})
        for tag, digest in ((5, ""), ("1.0.0", "sha256:../../etc/passwd"), ("1.0.0", "sha256:" + "0" * 64), ("?", 7))
    ],
)
def test_a_broken_layout_is_an_error(bare: Cli, index: str) -> None:
    bare.write("images/web/index.json", index)
    answer = bare("show", "chart", "oci-layout:images/web")
    assert answer.code in (1, 5), answer
    assert "error: " in answer.err


def test_dependencies_come_from_repositories_folders_and_aliases(bare: Cli, shop: Server) -> None:
    bare.write("db/Chart.yaml", CHART.format(name="db", version="0.3.0", about="x", word="x"))
    bare.write("db/templates/pool.yaml", "")
    needs = "dependencies:\n- {name: web, version: ^1.0.0, repository: '@shop'}\n- {name: db, version: 0.x, repository: 'file://../db'}\n"
    bare.write("all/Chart.yaml", CHART.format(name="all", version="1.0.0", about="x", word="x") + needs)
    states = [row["status"] for row in bare.ok("dependency", "list", "all", "-o", "json").json]
    assert states == ["missing", "missing"]
    refused = bare("install", "x", "all", "--dry-run")
    assert "proxmox-cli dependency build" in refused.err or refused.code in (1, 2)
    bare.ok("dependency", "update", "all")
    assert sorted(file.name for file in (bare.workspace / "all/charts").iterdir()) == ["db-0.3.0.tgz", "web-1.10.0.tgz"]
    listed = bare.ok("dependency", "list", "all", "-o", "json")
    assert [row["status"] for row in listed.json] == ["ok", "ok"]
    assert not listed.err
    lock = (bare.workspace / "all/Chart.lock").read_text()
    publish(bare, shop, "web", "1.11.0")
    for file in (bare.workspace / "all/charts").iterdir():
        file.unlink()
    bare.ok("dependency", "build", "all")
    assert (bare.workspace / "all/charts/web-1.10.0.tgz").is_file(), "the lock decides"
    assert (bare.workspace / "all/Chart.lock").read_text() == lock
    bare.ok("dependency", "update", "all")
    assert sorted(file.name for file in (bare.workspace / "all/charts").iterdir()) == ["db-0.3.0.tgz", "web-1.11.0.tgz"]
    assert "1.11.0" in bare.ok("template", "all").out
    bare.write("all/Chart.yaml", (bare.workspace / "all/Chart.yaml").read_text().replace("^1.0.0", "^2.0.0"))
    assert "out of sync" in bare("dependency", "build", "all").err
    assert "can't get a valid version" in bare("dependency", "update", "all").err
    bare.write("all/Chart.yaml", (bare.workspace / "all/Chart.yaml").read_text().replace("@shop", "@nobody"))
    assert "repo add" in bare("dependency", "update", "all").err


def test_the_store_reseals_and_the_json_of_a_pull_is_content_alone(bare: Cli, shop: Server) -> None:
    bare.ok("search", "repo", "web", "-o", "json")
    assert json.loads(bare.ok("repo", "list", "-o", "json").out)[0]["url"] == shop.url
