"""API4, unrestricted resource consumption: what is too large, too deep, too slow or too much is refused."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest

from tests.server.security.world import World, call, texts

V1 = "/api/v1"


def sent(world: World, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """What is answered to bytes as they are."""
    where = urlsplit(world.served.url)
    with socket.create_connection((where.hostname, where.port), timeout=20) as wire:
        try:
            for part in parts:
                wire.sendall(part)
                time.sleep(pause_s)
            return wire.recv(65536)
        except (BrokenPipeError, ConnectionResetError):
            return wire.recv(65536)


def head(path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Content-Type: application/json", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_api4_bodies_have_an_end(world: World) -> None:
    known = f"Authorization: Bearer {world.admin}"
    # Before anything of it is read, where it says how large it is.
    assert b" 413 " in sent(world, head(f"{V1}/plans", known, f"Content-Length: {60 << 20}"))[:30]
    assert b" 413 " in sent(world, head(f"{V1}/auth/login", f"Content-Length: {1 << 20}"))[:30]
    assert b" 401 " in sent(world, head(f"{V1}/plans", "Authorization: Bearer x", f"Content-Length: {1 << 20}"))[:30]
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    assert b" 413 " in sent(world, head(f"{V1}/auth/login", "Transfer-Encoding: chunked"), *[chunk] * 3)[:30]
    assert b" 400 " in sent(world, head(f"{V1}/plans", known, "Content-Length: -1"))[:30]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"texts":' * 20_000,
        b'{"texts": [' + b"1," * 20_000 + b"1]}",
        b'{"texts": [], "maxDeletions": 1' + b"0" * 5000 + b"}",
        b'{"texts": [], "application": "' + b"a" * 50_000 + b'"}',
        b"\xff\xfe{}",
        b'{"texts": NaN}',
        b'"',
        b"null",
    ],
    ids=["deep list", "deep object", "long list", "long number", "long text", "no UTF-8", "NaN", "broken", "null"],
)
def test_api4_strange_bodies_are_one_clear_error(world: World, body: bytes) -> None:
    began = time.monotonic()
    reply = call(world, "POST", f"{V1}/plans", body, world.admin)
    assert 400 <= reply.status < 500, reply.text
    assert reply.json["code"]
    assert time.monotonic() - began < 5


def test_api4_yaml_that_grows_does_not(world: World) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{this}: &{this} [{','.join([f'*{last}'] * 9)}]\n" for last, this in zip("abcdefgh", "bcdefghi", strict=True)
    )
    began = time.monotonic()
    reply = world.ask("plan", world.admin, texts=texts(bomb))
    assert 400 <= reply.status < 500
    assert time.monotonic() - began < 5


def test_api4_expressions_take_linear_time(world: World) -> None:
    evil = "(a+)+$" + "a" * 50
    began = time.monotonic()
    for id, given in {
        "release_list": {"filter": evil},
        "get": {"kind": "vm", "selector": evil, "fieldSelector": evil},
        "chart_search": {"term": evil, "regexp": True},
    }.items():
        assert world.ask(id, world.admin, **given).status < 500
    assert time.monotonic() - began < 5


def test_api4_one_user_does_not_fill_the_queue(world: World) -> None:
    busy = world.enter("busy", operator=["*"])
    waits = {"target": "UPID:pve-node1:00000001:00000001:00000001:qmstart:1:root@pam:", "timeoutS": 0.01}
    replies = [world.document.ask("wait", waits, busy).status for _ in range(5)]
    assert set(replies) <= {202}
    assert world.document.content["paths"][f"{V1}/jobs"]["get"]["parameters"], "lists of them have limits"
    over = [world.ask("job_list", world.admin, limit=limit).status for limit in (0, 100_000)]
    assert over == [422, 422]


def test_api4_a_page_has_a_limit(world: World) -> None:
    assert call(world, "GET", f"{V1}/resources/vm?limit=1000000", token=world.admin).status == 422
    assert call(world, "GET", f"{V1}/messages?limit=1000000", token=world.admin).status == 422
    assert call(world, "GET", f"{V1}/events?limit=1000000", token=world.admin).status == 422
