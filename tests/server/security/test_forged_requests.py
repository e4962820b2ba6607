"""API7, server side request forgery: the server connects to nothing that only it can reach."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.server.security.world import CANARY, World

V1 = "/api/v1"


INSIDE = [
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://[::127.0.0.1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/",
    "http://[2002:7f00:1::]:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f000001:{port}/",
    "http://0177.0.0.1:{port}/",
    "http://127.1:{port}/",
    "http://0.0.0.0:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://10.0.0.1/",
    "http://user@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://①②⑦.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/",
    "ftp://127.0.0.1/",
]


@contextmanager
def inside() -> Iterator[tuple[int, list[str]]]:
    """A service that only this machine should reach, and what it was asked."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"{CANARY}: inside".encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("url", INSIDE)
def test_api7_the_server_fetches_nothing_from_inside(world: World, url: str) -> None:
    with inside() as (port, asked):
        target = url.format(port=port)
        replies = [
            world.ask("repo_add", world.admin, name="inner", url=target),
            world.ask("chart_pull", world.ben, chart="x", repoUrl=target),
            world.ask("chart_pull", world.ben, chart=f"{target}x.tgz"),
        ]
        assert all(400 <= reply.status < 500 or reply.status == 503 for reply in replies), [r.text for r in replies]
        assert CANARY not in "".join(reply.text for reply in replies)
        assert asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "127.1"])
def test_api7_no_context_leads_to_this_machine(world: World, host: str) -> None:
    with inside() as (port, asked):
        given = {"endpoints": [f"http://{host}:{port}"], "tokenId": "a@pam!b", "tokenSecret": CANARY}
        made = world.ask("context_set", world.admin, name="inner", **given)
        if made.ok:
            reply = world.document.ask("get", {"kind": "vm", "context": "inner"}, world.admin)
            assert (reply.status, reply.json["code"]) == (403, "outbound.refused"), reply.text
            assert CANARY not in reply.text
        assert asked == []
        world.ask("context_delete", world.admin, name="inner")
