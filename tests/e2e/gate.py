"""A gate before the cluster: it lets requests through, and stops or changes the one that a test waits for.

It runs in threads of the test's process, so that a command line in a process of its own can be caught, and killed, at
one exact request.
"""

from __future__ import annotations

import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

WAIT_S = 30
"""Longer than any command of these tests takes to come by."""

Form = dict[str, str]


@dataclass
class Rule:
    """What happens to the first request that matches; `caught` is set when it does."""

    method: str
    path: re.Pattern[str]
    then: Literal["hold request", "hold answer", "answer", "meanwhile"]
    status: int = 500
    reason: str = ""
    do: Callable[[Form], object] = lambda form: None
    caught: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def wait(self) -> None:
        """Until the request has come by, and for a held answer, until the cluster has carried it out."""
        assert self.caught.wait(WAIT_S), f"no {self.method} {self.path.pattern} came by"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked was killed: that is what these tests do."""


class Gate:
    """Listens on loopback; `url` stands for the cluster's own."""

    def __init__(self, cluster: str) -> None:
        self.cluster = cluster
        self.rules: list[Rule] = []
        self.writes: list[tuple[str, str]] = []
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                gate.handle(self)

            do_POST = do_PUT = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def hold_request(self, method: str, path: str) -> Rule:
        """Keep the request from the cluster until `go_on`."""
        return self._rule(Rule(method, re.compile(path), "hold request"))

    def hold_answer(self, method: str, path: str) -> Rule:
        """Let the cluster carry it out, and keep the answer until `go_on`."""
        return self._rule(Rule(method, re.compile(path), "hold answer"))

    def answer(self, method: str, path: str, status: int, reason: str) -> Rule:
        """Answer in the cluster's place."""
        return self._rule(Rule(method, re.compile(path), "answer", status, reason))

    def meanwhile(self, method: str, path: str, do: Callable[[Form], object]) -> Rule:
        """Do something just before the request gets to the cluster."""
        return self._rule(Rule(method, re.compile(path), "meanwhile", do=do))

    def _rule(self, rule: Rule) -> Rule:
        self.rules.append(rule)
        return rule

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        path = request.path.removeprefix("/api2/json")
        if request.command != "GET":
            self.writes.append((request.command, path))
        rule = next(
            (r for r in self.rules if not r.caught.is_set() and r.method == request.command and r.path.search(path)),
            None,
        )
        if rule is None:
            self._pass_on(request, body)
        elif rule.then == "answer":
            rule.caught.set()
            _respond(request, rule.status, rule.reason, b"", "")
        elif rule.then == "hold request":
            rule.caught.set()
            rule.go_on.wait(WAIT_S)
            self._pass_on(request, body)
        elif rule.then == "meanwhile":
            rule.caught.set()
            rule.do(dict(urllib.parse.parse_qsl(body.decode())))
            self._pass_on(request, body)
        else:
            self._pass_on(request, body, rule)

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes, held: Rule | None = None) -> None:
        onward = urllib.request.Request(self.cluster + request.path, body or None, method=request.command)
        for name in ("Authorization", "Content-Type"):
            if value := request.headers.get(name):
                onward.add_header(name, value)
        try:
            with urllib.request.urlopen(onward, timeout=WAIT_S) as answer:
                status, reason, headers, content = answer.status, answer.reason, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            status, reason, headers, content = error.code, error.reason, error.headers, error.read()
        if held is not None:
            held.caught.set()
            held.go_on.wait(WAIT_S)
        _respond(request, status, reason, content, headers.get("Content-Type") or "")


def _respond(request: BaseHTTPRequestHandler, status: int, reason: str, content: bytes, kind: str) -> None:
    try:
        request.send_response(status, reason)
        if kind:
            request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)
    except OSError:
        pass  # who asked was killed


@contextmanager
def gate_before(cluster: str) -> Iterator[Gate]:
    gate = Gate(cluster)
    thread = threading.Thread(target=gate.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield gate
    finally:
        for rule in gate.rules:
            rule.go_on.set()
        gate.server.shutdown()
        gate.server.server_close()
