"""API10, unsafe consumption of APIs: a cluster that lies is one clear error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.server.security.world import CANARY, World

V1 = "/api/v1"


@contextmanager
def liar(answer: bytes, status: int = 200, **headers: str) -> Iterator[str]:
    class Lies(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Lies)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


LIES = {
    "no JSON": b"<html>",
    "another form": b'{"data": 17}',
    "null": b'{"data": null}',
    "a list": b'{"data": [[1], null, "x"]}',
    "wrong types": b'{"data": [{"vmid": "x", "type": "qemu", "node": 7, "name": null, "status": {}}]}',
    "a path": b'{"data": [{"vmid": "../../etc", "type": "qemu", "node": "../..", "name": "a\\u0000b", "status": "x"}]}',
    "deep": b'{"data": ' + b"[" * 5000 + b"]" * 5000 + b"}",
}


@pytest.mark.parametrize("lie", list(LIES))
def test_api10_a_cluster_that_lies_is_one_clear_error(gullible: World, lie: str) -> None:
    with liar(LIES[lie], Content_Type="application/json") as url:
        gullible.ok("context_set", name="liar", endpoints=[url], tokenId="a@pam!b", tokenSecret=CANARY)
        for id, given in {
            "get": {"kind": "vm", "full": True},
            "export_manifests": {},
            "tasks": {},
            "twin": {},
            "test_connection": {},
        }.items():
            operation = gullible.document.operations()[id]
            assert operation.parameters.get("context") == "query"
            reply = gullible.document.ask(id, {**given, "context": "liar"}, gullible.admin)
            assert reply.status < 500 or reply.status in (502, 503), (id, reply.text)
            assert CANARY not in reply.text
            assert "\u0000" not in reply.text


def test_api10_a_cluster_that_leads_elsewhere_is_not_followed(gullible: World) -> None:
    with liar(b"{}", 302, Location="http://127.0.0.1:1/stolen") as url:
        gullible.ok("context_set", name="liar", endpoints=[url], tokenId="a@pam!b", tokenSecret=CANARY)
        reply = gullible.document.ask("get", {"kind": "vm", "context": "liar"}, gullible.admin)
        assert 400 <= reply.status < 600
        assert "127.0.0.1:1" not in reply.text or reply.status in (502, 503)
