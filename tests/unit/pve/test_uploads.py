from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import BodyPartReader, web
from hypothesis import given
from hypothesis import strategies as st

from proxmox_mpc.errors import InvalidInput
from proxmox_mpc.pve import Cluster, ConnectionLost, ParametersRejected, UnexpectedAnswer
from proxmox_mpc.pve.uploads import CHUNK_BYTES, prepare
from tests.unit.pve.fake_pve import PASSWORD, FakePve, dead_endpoint, hang_up

Connect = Callable[..., Cluster]
UPID = "UPID:pve1:00000EA8:000AD51A:6B0111ED:imgcopy::root@pam:"
PATH = "/nodes/pve1/storage/local/upload"


class Received:
    """A server that takes uploads apart as PVE does."""

    def __init__(self, server: FakePve) -> None:
        self.parts: list[tuple[str, str | None, bytes]] = []
        self.headers: dict[str, str] = {}
        server.on("POST", PATH, self.take)

    async def take(self, request: web.Request) -> web.StreamResponse:
        self.headers = dict(request.headers)
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            self.parts.append((part.name or "", part.filename, bytes(await part.read())))
        return web.json_response({"data": UPID})


async def test_a_file_arrives_whole_after_its_fields(server: FakePve, connect: Connect, tmp_path: Path) -> None:
    received = Received(server)
    content = bytes(range(256)) * 10_000
    image = tmp_path / "debian.iso"
    image.write_bytes(content)
    progress: list[tuple[int, int]] = []
    async with connect() as pve:
        upid = await pve.upload(
            "pve1",
            "local",
            "iso",
            image,
            "debian.iso",
            checksum="sha512:abc",
            on_progress=lambda sent, total: progress.append((sent, total)),
        )
    assert upid == UPID
    assert received.parts == [
        ("content", None, b"iso"),
        ("checksum-algorithm", None, b"sha512"),
        ("checksum", None, b"abc"),
        ("filename", "debian.iso", content),
    ]
    assert "Transfer-Encoding" not in received.headers
    assert progress[-1] == (len(content), len(content))
    assert len(progress) == -(-len(content) // CHUNK_BYTES)


@pytest.mark.parametrize("content", [b"", b"x", b"--boundary\r\n" * 1000])
async def test_bytes_arrive_too(server: FakePve, connect: Connect, content: bytes) -> None:
    received = Received(server)
    async with connect() as pve:
        await pve.upload("pve1", "local", "vztmpl", content, "t.tar.gz")
    assert received.parts[-1] == ("filename", "t.tar.gz", content)


async def test_a_ticket_is_carried_too(server: FakePve, connect: Connect) -> None:
    received = Received(server)
    server.on("POST", "/access/ticket", {"ticket": "PVE:t", "CSRFPreventionToken": "c"})
    async with connect(auth=PASSWORD) as pve:
        await pve.upload("pve1", "local", "iso", b"x", "x.iso")
    assert received.headers["Cookie"] == "PVEAuthCookie=PVE%3At"


async def test_an_upload_fails_over_with_its_whole_body(server: FakePve, connect: Connect) -> None:
    received = Received(server)
    async with connect(dead_endpoint(), server.url) as pve:
        await pve.upload("pve1", "local", "iso", b"content", "x.iso")
    assert received.parts[-1][2] == b"content"


async def test_a_broken_upload_is_not_repeated(server: FakePve, connect: Connect) -> None:
    server.on("POST", PATH, hang_up)
    async with connect() as pve:
        with pytest.raises(ConnectionLost):
            await pve.upload("pve1", "local", "iso", b"content", "x.iso")
    assert server.count("POST", PATH) == 1


async def test_wrong_content_is_refused_before_anything_is_sent(server: FakePve, connect: Connect) -> None:
    async with connect() as pve:
        with pytest.raises(ParametersRejected) as caught:
            await pve.upload("pve1", "local", "snippets", b"", "user.yaml")
    assert "content" in caught.value.errors
    assert server.count("POST", PATH) == 0


@pytest.mark.parametrize("name", ["", "../x.iso", 'a".iso', "a\r\nb.iso"])
def test_a_file_name_cannot_break_out(name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name"):
        prepare(b"", name, {})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="missing\\.iso"):
        prepare(tmp_path / "missing.iso", "missing.iso", {})


async def test_an_answer_without_a_task_is_a_typed_error(server: FakePve, connect: Connect) -> None:
    server.on("POST", PATH, None)
    async with connect() as pve:
        with pytest.raises(UnexpectedAnswer, match="named no task"):
            await pve.upload("pve1", "local", "iso", b"x", "x.iso")


@given(st.binary(max_size=3000), st.dictionaries(st.sampled_from(["content", "checksum"]), st.text("abc:")))
async def test_the_announced_length_is_the_real_one(content: bytes, fields: dict[str, str]) -> None:
    upload = prepare(content, "ü.iso", fields)
    body = b"".join([chunk async for chunk in upload.body()])
    assert len(body) == int(upload.headers["Content-Length"])
    assert content in body
