"""Downloads from a server on loopback are real: sizes, checksums, errors; images come from a registry there."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from tests.unit.simulator.api import Api, running

NODE = "/nodes/pve-node1"
LOCAL = f"{NODE}/storage/local"
ISO = b"CD001" * 100_000
DISK = b"QFI\xfb" + struct.pack(">I", 3) + bytes(16) + struct.pack(">Q", 7 * 1024**3) + bytes(200)
LAYER, SETTINGS = b"layer" * 5000, b"{}"


def digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


MANIFEST = {
    "schemaVersion": 2,
    "config": {"digest": digest(SETTINGS), "size": len(SETTINGS)},
    "layers": [{"digest": digest(LAYER), "size": len(LAYER)}],
}
INDEX = {
    "manifests": [
        {"digest": "sha256:1", "platform": {"architecture": "arm64"}},
        {"digest": "sha256:2", "platform": {"architecture": "amd64"}},
    ]
}
REGISTRY: dict[str, Any] = {
    "/v2/team/app/tags/list": {"name": "team/app", "tags": ["1.0", "2.0"]},
    "/v2/team/app/manifests/2.0": INDEX,
    "/v2/team/app/manifests/sha256:2": MANIFEST,
}
BLOBS = {f"/v2/team/app/blobs/{digest(body)}": body for body in (LAYER, SETTINGS)}


async def serve(request: web.Request) -> web.StreamResponse:
    path = request.path
    if path in REGISTRY:
        return web.json_response(REGISTRY[path])
    if path == "/moved":
        raise web.HTTPFound("/x.iso")
    if path == "/away":
        raise web.HTTPFound("http://203.0.113.9/x.iso")
    if path == "/broken":
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"x")
        assert request.transport is not None
        request.transport.abort()
        return answer
    files = {"/x.iso": ISO, "/x.iso.gz": gzip.compress(ISO), "/cloud.qcow2": DISK, **BLOBS}
    if path not in files:
        raise web.HTTPNotFound
    return web.Response(body=files[path], content_type="application/octet-stream")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def download(api: Api, port: int, path: str, filename: str = "new.iso", content: str = "iso", **more: Any) -> str:
    url = f"http://127.0.0.1:{port}{path}"
    return await api.run("POST", f"{LOCAL}/download-url", url=url, filename=filename, content=content, **more)


async def size(api: Api, volid: str) -> int:
    return {v["volid"]: v["size"] for v in await api.get(f"{LOCAL}/content")}.get(volid, -1)


@pytest.mark.parametrize(("path", "more"), [("/x.iso", {}), ("/moved", {}), ("/x.iso.gz", {"compression": "gz"})])
async def test_what_is_served_arrives(api: Api, port: int, path: str, more: dict[str, Any]) -> None:
    assert await download(api, port, path, **more) == "OK"
    assert await size(api, "local:iso/new.iso") == len(ISO)


async def test_names_are_made_such_as_uploads_have(api: Api, port: int) -> None:
    for filename, stored in (("a b.iso", "a_b.iso"), ("up/../é.iso", "_.iso"), ("c:\\d.iso", "d.iso")):
        assert await download(api, port, "/x.iso", filename) == "OK"
        assert await size(api, f"local:iso/{stored}") == len(ISO)
    assert {row["id"] for row in await api.get(f"{NODE}/tasks")} == {"a_b.iso", "_.iso", "d.iso"}
    pulled = {"reference": "nginx:latest", "filename": "my web"}
    assert await (await api.as_root()).run("POST", f"{LOCAL}/oci-registry-pull", **pulled) == "OK"
    assert await size(api, "local:vztmpl/my_web.tar") > 0


async def test_checksums_are_verified(api: Api, port: int) -> None:
    right = {"checksum": hashlib.sha512(ISO).hexdigest().upper(), "checksum-algorithm": "sha512"}
    assert await download(api, port, "/x.iso", **right) == "OK"
    wrong = {"checksum": "0" * 64, "checksum-algorithm": "sha256"}
    status = await download(api, port, "/x.iso", "other.iso", **wrong)
    assert status == f"checksum mismatch: got '{hashlib.sha256(ISO).hexdigest()}' != expect '{'0' * 64}'"
    assert await size(api, "local:iso/other.iso") == -1


async def test_failures_fail_the_task(api: Api, port: int) -> None:
    assert (await download(api, port, "/nothing")).endswith(" ERROR 404: Not Found.")
    assert (await download(api, 1, "/x.iso")).endswith("Connecting to 127.0.0.1:1... failed: Connection refused.")
    assert "203.0.113.9, which a simulator does not reach" in await download(api, port, "/away")
    assert "Connection closed" in await download(api, port, "/broken")
    assert "decompression failed" in await download(api, port, "/x.iso", compression="gz")
    assert await size(api, "local:iso/new.iso") == -1
    assert await download(api, port, "/x.iso") == "OK"
    again = await download(api, port, "/x.iso")
    assert again == "refusing to override existing file '/var/lib/vz/template/iso/new.iso'"


async def test_images_tell_how_large_their_disk_is(api: Api, port: int) -> None:
    assert await download(api, port, "/cloud.qcow2", "cloud.qcow2", "import") == "OK"
    made = await api.run("POST", f"{NODE}/qemu", vmid=101, scsi0="local-lvm:0,import-from=local:import/cloud.qcow2")
    assert made == "OK"
    assert (await api.get(f"{NODE}/qemu/101/config"))["scsi0"] == "local-lvm:vm-101-disk-0,size=7G"


async def test_urls_are_asked_what_they_are(api: Api, port: int) -> None:
    found = await api.get(f"{NODE}/query-url-metadata", url=f"http://localhost:{port}/x.iso")
    assert found == {"filename": "x.iso", "mimetype": "application/octet-stream", "size": len(ISO)}
    missing = await api.call("GET", f"{NODE}/query-url-metadata", url=f"http://localhost:{port}/nothing")
    assert missing.reason == "invalid server response: '404 Not Found'"


async def test_the_wider_world_is_made_up(api: Api) -> None:
    url = "https://cloud.example/debian.qcow2"
    made = {"url": url, "filename": "debian.qcow2", "content": "import"}
    assert await api.run("POST", f"{LOCAL}/download-url", **made) == "OK"
    assert await size(api, "local:import/debian.qcow2") > 0
    assert (await api.get(f"{NODE}/query-url-metadata", url=url))["filename"] == "debian.qcow2"


async def test_images_come_from_a_registry(api: Api, port: int) -> None:
    me = await api.as_user("root@pam", api.sim.password)
    where = f"127.0.0.1:{port}/team/app"
    assert await me.get(f"{NODE}/query-oci-repo-tags", reference=where) == ["1.0", "2.0"]
    assert await me.run("POST", f"{LOCAL}/oci-registry-pull", reference=f"{where}:2.0") == "OK"
    assert await size(me, "local:vztmpl/app_2.0.tar") == len(LAYER) + len(SETTINGS)
    missing = await me.run("POST", f"{LOCAL}/oci-registry-pull", reference=f"{where}:9.0")
    assert "404 Not Found" in missing
    assert await me.run("POST", f"{LOCAL}/oci-registry-pull", reference="nginx:latest", filename="web") == "OK"
    assert await size(me, "local:vztmpl/web.tar") > 0


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ({}, "names no layers"),
        ({"layers": [{}]}, "invalid digest None"),
        ({"layers": ["x"]}, "invalid digest None"),
        ({"layers": [{"digest": 5}]}, "invalid digest 5"),
        ({"layers": [{"digest": "rot13:abc"}]}, "invalid digest 'rot13:abc'"),
        ({"layers": [{"digest": "shake_128:abc"}]}, "invalid digest"),
        ({"layers": [{"digest": "sha256:../../x.iso"}]}, "invalid digest"),
        ({"layers": {"digest": 1}}, "'layers' of a registry's answer is no list"),
        ({"layers": [], "config": None}, "invalid digest None"),
        ({"manifests": 7}, "'manifests' of a registry's answer is no list"),
        ({"manifests": ["x", {"platform": "amd64"}, {"platform": {"architecture": "arm64"}}]}, "no image found"),
        ({"manifests": [{"platform": {"architecture": "amd64"}}]}, "invalid digest None"),
        ([], "names no layers"),
    ],
)
async def test_registries_that_talk_nonsense_are_told_so(
    api: Api, port: int, monkeypatch: pytest.MonkeyPatch, manifest: Any, says: str
) -> None:
    monkeypatch.setitem(REGISTRY, "/v2/team/app/manifests/odd", manifest)
    monkeypatch.setitem(REGISTRY, "/v2/team/app/tags/list", {"tags": "odd"})
    root, where = await api.as_root(), f"127.0.0.1:{port}/team/app"
    assert says in await root.run("POST", f"{LOCAL}/oci-registry-pull", reference=f"{where}:odd")
    assert "no list" in (await root.call("GET", f"{NODE}/query-oci-repo-tags", reference=where)).reason


async def test_volumes_are_copied_within_and_between_nodes() -> None:
    async with running() as api:
        me = await api.as_user("root@pam", api.sim.password)
        copy = f"{LOCAL}/content/local:iso/debian-12.8.0-amd64-netinst.iso"
        assert await me.run("POST", copy, target="local:iso/copy.iso") == "OK"
        assert await size(me, "local:iso/copy.iso") == 631 * 1024**2
        assert await me.run("POST", copy, target="local:iso/there.iso", target_node="pve-node2") == "OK"
        there = await me.get("/nodes/pve-node2/storage/local/content", content="iso")
        assert "local:iso/there.iso" in {v["volid"] for v in there}
        again = await me.run("POST", copy, target="local:iso/copy.iso")
        assert again == "volume 'local:iso/copy.iso' already exists"
        assert (await me.call("POST", copy, target="local:iso/x.iso", target_node="nope")).status == 500
        assert (await api.call("POST", copy, target="local:iso/y.iso")).status == 403, "root's ticket only"


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999/x.iso", "http://127.0.0.1:port/x.iso"])
async def test_addresses_that_are_none_are_errors_like_others(api: Api, url: str) -> None:
    asked = await api.call("GET", f"{NODE}/query-url-metadata", url=url)
    assert "simulator:" not in asked.reason
    status = await api.run("POST", f"{LOCAL}/download-url", url=url, content="iso", filename="new.iso")
    assert "simulator:" not in status
    realm = {"realm": "sso", "type": "openid", "issuer-url": url, "client-id": "pve"}
    await api.do("POST", "/access/domains", **realm)
    refused = await api.call("POST", "/access/openid/auth-url", realm="sso", **{"redirect-url": "http://localhost"})
    assert refused.status == 500
    assert "simulator:" not in refused.reason
