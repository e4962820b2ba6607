"""Whatever a server sends, it becomes one typed error that a person can act on; never a traceback of a library."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.errors import UnreachableError
from proxmox_mpc.pve import (
    AuthenticationFailed,
    Cluster,
    NodeUnreachable,
    ObjectMissing,
    ParametersRejected,
    PveError,
    Retry,
    UnexpectedAnswer,
)
from proxmox_mpc.pve.answers import Answer, Reply, read_answer
from tests.unit.pve.fake_pve import FakePve, raw

Connect = Callable[..., Cluster]
HTML = b"<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head></html>"
ONCE = Retry(tries=1)


@pytest.mark.parametrize(
    ("status", "body", "content_type", "says"),
    [
        (200, HTML, "text/html", "text/html instead of JSON: <!DOCTYPE html>"),
        (200, b'{"data":[1,2', "application/json", "broken or truncated JSON"),
        (200, b"", "application/json", "broken or truncated JSON"),
        (200, b"null", "application/json", "broken or truncated JSON"),
        (200, b"[1]", "application/json", "not an API answer"),
        (200, b'{"result":1}', "application/json", "not an API answer"),
        (200, b'"\xff\xfe"', "application/json", "broken or truncated JSON"),
        (200, b"[" * 100_000, "application/json", "broken or truncated JSON"),
        (200, b'{"data":1}', "text/plain", "text/plain instead of JSON"),
        (204, b"", None, "broken or truncated JSON"),
        (301, HTML, "text/html", "redirects (status 301)"),
        (302, b"", None, "redirects (status 302)"),
        (400, HTML, "text/html", "web page (status 400)"),
        (403, HTML, "text/html", "web page (status 403)"),
        (404, HTML, "text/html", "web page (status 404)"),
        (404, b"404 page not found", "text/plain", "does not know the path"),
    ],
)
async def test_what_is_no_pve_is_said_to_be_none(
    server: FakePve, connect: Connect, status: int, body: bytes, content_type: str | None, says: str
) -> None:
    server.on("GET", "/version", raw(status, body, content_type))
    async with connect(retry=ONCE) as pve:
        with pytest.raises(UnexpectedAnswer) as caught:
            await pve.version()
    assert says in caught.value.message
    assert len(caught.value.message) < 300
    assert caught.value.exit_code == 7
    assert "8006" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "body", "content_type", "reason", "kind", "message"),
    [
        (401, b"", None, "No ticket", AuthenticationFailed, "No ticket"),
        (502, HTML, "text/html", "Bad Gateway", NodeUnreachable, "Bad Gateway"),
        (503, b"upstream down", "text/plain", "x", NodeUnreachable, "upstream down"),
        (500, b"", None, "storage 'x' does not exist", ObjectMissing, "storage 'x' does not exist"),
        (500, b"malformed JSON string", "text/plain", "Bad", PveError, "malformed JSON string"),
        (500, b'{"message":7,"data":nu', "application/json", "oops", PveError, "oops"),
        (500, b'{"message":{"a":1}}', "application/json", "oops", PveError, "oops"),
        (400, b'{"errors":["no"],"data":null}', "application/json", "Bad", ParametersRejected, "Bad"),
        (418, b"", None, "I'm a teapot", PveError, "I'm a teapot"),
    ],
)
async def test_an_error_in_any_shape_has_a_type_and_a_text(
    server: FakePve,
    connect: Connect,
    status: int,
    body: bytes,
    content_type: str | None,
    reason: str,
    kind: type[PveError],
    message: str,
) -> None:
    server.on("GET", "/version", raw(status, body, content_type, reason))
    async with connect(retry=ONCE) as pve:
        with pytest.raises(PveError) as caught:
            await pve.version()
    assert type(caught.value) is kind
    assert caught.value.message == message


@pytest.mark.parametrize(
    "data", [None, [], "9.1.7", {}, {"version": 9}, {"version": ""}, {"version": "nine"}, {"version": ["9.1"]}]
)
async def test_a_version_that_is_none_is_refused(server: FakePve, connect: Connect, data: object) -> None:
    async def answer(request: object) -> object:
        from aiohttp import web

        return web.json_response({"data": data})

    server.on("GET", "/version", answer)
    async with connect(retry=ONCE) as pve:
        with pytest.raises(UnexpectedAnswer, match="version"):
            await pve.version()


@asynccontextmanager
async def talking(*replies: bytes) -> AsyncIterator[str]:
    """A server that is no HTTP server: it sends these bytes to whoever asks, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        for reply in replies:
            writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n" + b'{"data":',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
async def test_who_does_not_speak_http_is_unreachable(connect: Connect, reply: bytes) -> None:
    async with talking(reply) as url, connect(url, retry=ONCE) as pve:
        with pytest.raises(UnreachableError) as caught:
            await pve.version()
    assert url in caught.value.message or isinstance(caught.value, UnexpectedAnswer)
    assert "Traceback" not in str(caught.value)


@given(
    st.integers(200, 599),
    st.text(max_size=20),
    st.sampled_from(["application/json", "text/html", "text/plain", "", "image/png"]),
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([b'{"data":null}', b'{"message":"x"}', b'{"errors":{"a":1}}', b"{}", b"[]", b"1e999"]),
    ),
)
def test_any_answer_at_all_is_a_reply_or_a_typed_error(
    status: int, reason: str, content_type: str, body: bytes
) -> None:
    try:
        reply = read_answer(Answer(status, reason, content_type, body), method="GET", path="/x")
    except PveError as error:
        text = str(error)
    else:
        text = "fine" if isinstance(reply, Reply) else ""
    assert text
    assert text.replace("\n", "").isprintable()


@given(st.binary(min_size=1, max_size=300))
def test_foreign_bytes_cannot_steer_the_terminal(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        read_answer(Answer(200, "OK", "text/html", body), method="GET", path="/x")
    assert caught.value.message.isprintable()
