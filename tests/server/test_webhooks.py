"""What a receiver of webhooks gets, and what it is spared."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.server.running import Served, serving
from tests.server.test_rest import apply

COMES_WITHIN_S = 30


@dataclass
class Receiver:
    """A receiver that answers what it is told to."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        return [json.loads(body)["id"] for _, body in self.got]

    def until(self, number: int) -> None:
        end = time.monotonic() + COMES_WITHIN_S
        while len(self.got) < number:
            assert time.monotonic() < end, self.got
            time.sleep(0.02)


@contextmanager
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers), body))
            self.send_response(found.answers.pop(0) if found.answers else 204)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield found
        server.shutdown()


def hook(served: Served, admin: str, name: str, **facts: Any) -> dict[str, Any]:
    status, made = served.call("PUT", f"/api/v1/webhooks/{name}", facts, admin)
    assert status == 200, made
    return dict(made)


def test_what_happens_is_told_in_order_and_signed_as_the_page_says(served: Served, admin: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    names: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1), names)  # type: ignore[union-attr]
    with receiver() as one:
        made = hook(served, admin, "signed", url=one.url, rooms=["jobs"])
        apply(served, admin, "told", "told", Prefer="wait=30")
        one.until(3)
        assert one.ids == sorted(set(one.ids))
        for headers, body in one.got:
            assert names["is_ours"](made["secret"], headers, body)
            assert not names["is_ours"]("another secret", headers, body)
            assert not names["is_ours"](made["secret"], headers, body + b" ")
            assert (
                headers["X-Proxmox-Mpc-Event" if "X-Proxmox-Mpc-Event" in headers else "X-Proxmox-MPC-Event"]
                == "job.state"
            )
        served.call("DELETE", "/api/v1/webhooks/signed", token=admin)


def test_what_was_not_taken_comes_again_and_nothing_overtakes_it(served: Served, admin: str) -> None:
    with receiver() as one:
        one.answers = [500, 307]
        hook(served, admin, "stubborn", url=one.url, rooms=["jobs"])
        apply(served, admin, "again", "again", Prefer="wait=30")
        one.until(4)
        assert one.ids[0] == one.ids[1] == one.ids[2] < one.ids[3]
        _, found = served.call("GET", "/api/v1/webhooks", token=admin)
        assert [item["failures"] for item in found["items"] if item["name"] == "stubborn"] == [0]
        served.call("DELETE", "/api/v1/webhooks/stubborn", token=admin)


def test_its_secret_is_told_once_and_never_again(served: Served, admin: str) -> None:
    secret = hook(served, admin, "quiet", url="https://hooks.example.org/x", rooms=["guests"])["secret"]
    assert len(secret) > 30
    _, listed = served.call("GET", "/api/v1/webhooks", token=admin)
    _, audit = served.call("GET", "/api/v1/audit", token=admin)
    assert secret not in json.dumps([listed, audit])
    assert secret not in (served.home / "server.log").read_text()
    assert hook(served, admin, "quiet", enabled=False)["secret"] == ""
    moved = hook(served, admin, "quiet", url="https://elsewhere.example.org/x")["secret"]
    assert moved not in ("", secret), "whoever moves it does not get the secret that others trust"
    served.call("DELETE", "/api/v1/webhooks/quiet", token=admin)


@pytest.mark.parametrize(
    "facts",
    [
        {"url": "ftp://example.org/x", "rooms": ["jobs"]},
        {"url": "https://user:word@example.org/x", "rooms": ["jobs"]},
        {"url": "https://example.org/x", "rooms": []},
        {"url": "https://example.org/x", "rooms": ["everything"]},
        {"url": "https://example.org/x", "rooms": ["jobs"], "secret": "short"},
        {"url": "https://[bad/x", "rooms": ["jobs"]},
    ],
)
def test_what_is_no_webhook_is_refused(served: Served, admin: str, facts: dict[str, Any]) -> None:
    status, problem = served.call("PUT", "/api/v1/webhooks/bad", facts, admin)
    assert (status, problem["code"]) == (400, "usage")


def test_it_does_not_reach_what_only_the_server_can(tmp_path: Path) -> None:
    with receiver() as inside, serving(tmp_path / "home", "--simulate", OUTBOUND_ALLOW="127.0.0.1") as before:
        hook(before, before.admin(), "inside", url=inside.url, rooms=["jobs"])
        before.process.terminate()
        before.process.wait(30)
        with serving(tmp_path / "home", "--simulate", OUTBOUND_ALLOW="10.255.255.0/24") as one:
            one.secret = before.secret
            refused_then_and_now(one, inside)


def refused_then_and_now(one: Served, inside: Any) -> None:
    admin = one.admin()
    told = {"url": "http://169.254.169.254/latest", "rooms": ["jobs"]}
    status, problem = one.call("PUT", "/api/v1/webhooks/other", told, admin)
    assert (status, problem["code"]) == (403, "outbound.refused")
    apply(one, admin, "x", "x", Prefer="wait=30")
    end = time.monotonic() + COMES_WITHIN_S
    while time.monotonic() < end:
        _, found = one.call("GET", "/api/v1/webhooks", token=admin)
        if found["items"][0]["failures"]:
            break
        time.sleep(0.1)
    assert "connects to for nobody" in found["items"][0]["lastError"]
    assert inside.got == []
