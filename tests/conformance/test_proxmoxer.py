"""proxmoxer, a client that nobody here wrote, against the simulator."""

from __future__ import annotations

import hashlib
import io
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from proxmoxer import ProxmoxAPI
from proxmoxer.core import AuthenticationError, ResourceException
from proxmoxer.tools import Files, Tasks

from tests.conformance.web import showing


def by_password(greeting: dict[str, Any], **more: Any) -> ProxmoxAPI:
    address = greeting["url"].removeprefix("https://")
    given = {"user": greeting["user"], "password": greeting["password"], **more}
    return ProxmoxAPI(address, verify_ssl=False, **given)


def by_token(greeting: dict[str, Any]) -> ProxmoxAPI:
    user, _, rest = greeting["token"].partition("!")
    name, _, secret = rest.partition("=")
    address = greeting["url"].removeprefix("https://")
    return ProxmoxAPI(address, user=user, token_name=name, token_value=secret, verify_ssl=False)


def wait(api: ProxmoxAPI, upid: str) -> str:
    """The exit status of a task."""
    node = upid.split(":")[1]
    for _ in range(200):
        status = api.nodes(node).tasks(upid).status.get()
        if status["status"] == "stopped":
            return str(status["exitstatus"])
        time.sleep(0.01)
    raise AssertionError(f"{upid} does not end")


def test_login_with_password_and_with_token(demo: dict[str, Any]) -> None:
    for api in (by_password(demo), by_token(demo)):
        assert api.version.get()["release"] == "9.1"
        assert [n["node"] for n in api.nodes.get()] == ["pve-node1", "pve-node2", "pve-node3"]


def test_the_certificate_can_be_trusted(demo: dict[str, Any], tmp_path: Path) -> None:
    host, _, port = demo["url"].removeprefix("https://").partition(":")
    trusted = tmp_path / "ca.pem"
    trusted.write_text(ssl.get_server_certificate((host, int(port))))
    given = {"user": demo["user"], "password": demo["password"]}
    assert ProxmoxAPI(f"{host}:{port}", verify_ssl=str(trusted), **given).version.get()
    with pytest.raises(requests.exceptions.SSLError):
        ProxmoxAPI(f"{host}:{port}", verify_ssl=True, **given)


def test_wrong_password_is_refused(demo: dict[str, Any]) -> None:
    with pytest.raises(AuthenticationError):
        by_password(demo, password="wrong")


def test_life_of_a_machine(demo: dict[str, Any]) -> None:
    api = by_token(demo)
    node = api.nodes("pve-node2")
    assert wait(api, node.qemu.post(vmid=300, name="life", memory=512, scsi0="local-lvm:4")) == "OK"
    machine = node.qemu(300)
    assert machine.config.get()["scsi0"] == "local-lvm:vm-300-disk-0,size=4G"
    assert wait(api, machine.status.start.post()) == "OK"
    assert machine.status.current.get()["status"] == "running"
    with pytest.raises(ResourceException, match="VM 300 is running - destroy failed"):
        machine.delete()
    assert wait(api, machine.status.stop.post()) == "OK"
    assert wait(api, machine.clone.post(newid=301, name="copy")) == "OK"
    assert node.qemu(301).config.get()["name"] == "copy"
    for vmid in (300, 301):
        assert wait(api, node.qemu(vmid).delete()) == "OK"
    assert not [r for r in api.cluster.resources.get(type="vm") if r["vmid"] in (300, 301)]


def test_template_is_cloned_with_its_disks(demo: dict[str, Any]) -> None:
    api = by_token(demo)
    node = api.nodes("pve-node1")
    assert wait(api, node.qemu(9000).clone.post(newid=310, name="from-template", full=1)) == "OK"
    config = node.qemu(310).config.get()
    assert config["scsi0"] == "local-lvm:vm-310-disk-0,size=4G"
    assert "template" not in config
    assert wait(api, node.qemu(310).delete()) == "OK"
    assert not node.storage("local-lvm").content.get(vmid=310)


def test_upload(demo: dict[str, Any]) -> None:
    api = by_password(demo)
    storage = api.nodes("pve-node1").storage("local")
    file = io.BytesIO(b"\0" * 100_000)
    file.name = "tiny.iso"
    assert wait(api, storage.upload.post(content="iso", filename=file)) == "OK"
    rows = {row["volid"]: row for row in storage.content.get(content="iso")}
    assert rows["local:iso/tiny.iso"]["size"] == 100_000


def test_bad_values_are_all_named_at_once(demo: dict[str, Any]) -> None:
    with pytest.raises(ResourceException) as caught:
        by_token(demo).nodes("pve-node1").qemu.post(vmid=5, cores="many", nosuch=1)
    assert set(caught.value.errors) == {"vmid", "cores", "nosuch"}


def test_a_ticket_is_renewed_by_itself(demo: dict[str, Any]) -> None:
    api = by_password(demo)
    auth = api._backend.auth
    asked_at = auth.birth_time = auth.birth_time - auth.renew_age
    api.pools.post(poolid="renewed")
    api.pools("renewed").delete()
    assert auth.birth_time > asked_at
    ticket, token = api.get_tokens()
    assert ticket.startswith("PVE:root@pam:")
    assert token


def test_a_write_with_a_ticket_needs_its_csrf_token(demo: dict[str, Any]) -> None:
    api = by_password(demo)
    api._backend.auth.csrf_prevention_token = "0:wrong"
    assert api.nodes.get(), "reading needs none"
    with pytest.raises(ResourceException) as caught:
        api.pools.post(poolid="forged")
    assert caught.value.status_code == 401
    assert caught.value.content == "Permission denied - invalid csrf token"


def test_refusals_carry_status_and_text(demo: dict[str, Any]) -> None:
    root = by_password(demo)
    root.access.users.post(userid="amy@pve", password="correct-horse")
    amy = by_password(demo, user="amy@pve", password="correct-horse")
    for call, status, text in (
        (root.nodes("pve-node1").qemu(777).config.get, 500, "qemu-server/777.conf' does not exist"),
        (amy.nodes("pve-node1").qemu(777).config.get, 403, "Permission check failed (/vms/777, VM.Audit)"),
        (root.nodes("nosuch").status.get, 500, "hostname lookup 'nosuch' failed"),
        (root.nosuch.get, 501, "Method 'GET /nosuch' not implemented"),
        (root.pools("nosuch").get, 500, "pool 'nosuch' does not exist"),
    ):
        with pytest.raises(ResourceException) as caught:
            call()
        assert caught.value.status_code == status
        assert text in str(caught.value)
    assert amy.cluster.resources.get(type="vm") == [], "what one may not see is not listed"
    root.access.users("amy@pve").delete()
    with pytest.raises(ResourceException) as caught:
        amy.nodes.get()
    assert caught.value.status_code == 401


def test_a_removed_token_is_refused(demo: dict[str, Any]) -> None:
    root = by_token(demo)
    made = root.access.users("root@pam").token("ci").post(privsep=0)
    other = by_token({**demo, "token": f"{made['full-tokenid']}={made['value']}"})
    assert other.version.get()
    root.access.users("root@pam").token("ci").delete()
    with pytest.raises(ResourceException) as caught:
        other.version.get()
    assert caught.value.status_code == 401


def test_paths_in_every_spelling(demo: dict[str, Any]) -> None:
    api = by_token(demo)
    rows = api.nodes("pve-node1").storage.local.content.get()
    assert rows == api("nodes/pve-node1/storage/local/content").get()
    assert rows == api.nodes("pve-node1").storage("local").get("content")
    found = api.nodes("pve-node1").storage("local").content(rows[0]["volid"]).get()
    assert found["size"] == rows[0]["size"], "although the name has a slash"
    api.pools.create(poolid="web", comment="a & b = c ü")
    assert api.pools.get(poolid="web")[0]["comment"] == "a & b = c ü"
    api.pools("web").set(comment="50 % + 1")
    assert api.pools("web").get()["comment"] == "50 % + 1"
    api.pools("web").delete()


def test_lists_of_values(demo: dict[str, Any]) -> None:
    api = by_token(demo)
    node = api.nodes("pve-node3")
    assert wait(api, node.qemu.post(vmid=320, name="lists", onboot=1, description="x")) == "OK"
    node.qemu(320).config.put(delete=["onboot", "description"])
    assert not {"onboot", "description"} & set(node.qemu(320).config.get())
    assert wait(api, node.qemu(320).delete(purge=1)) == "OK"


def test_tasks_are_awaited_and_read(demo: dict[str, Any]) -> None:
    api = by_token(demo)
    upid = api.nodes("pve-node1").qemu.post(vmid=330, name="tasks")
    status = Tasks.blocking_status(api, upid, timeout=10, polling_interval=0.01)
    assert (status["exitstatus"], status["type"], status["id"]) == ("OK", "qmcreate", "330")
    told = Tasks.decode_upid(upid)
    assert (told["node"], told["type"], told["id"], told["user"]) == ("pve-node1", "qmcreate", "330", "root@pam")
    assert upid.endswith(":root@pam!proxmox-mpc:"), "tokens are named in full"
    assert Tasks.decode_log(api.nodes("pve-node1").tasks(upid).log.get()).endswith("TASK OK")
    assert wait(api, api.nodes("pve-node1").qemu(330).delete()) == "OK"


def test_files_are_uploaded_in_a_stream_and_fetched_with_their_checksums(demo: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "large.iso"
    path.write_bytes(bytes(range(256)) * 48 * 1024)  # more than the ten MiB from which proxmoxer streams
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  large.iso\n")
    api = by_password(demo)
    done = Files(api, "pve-node2", "local").upload_local_file_to_storage(str(path))
    assert done is not None
    assert done["exitstatus"] == "OK"
    with showing(tmp_path) as url:
        done = Files(api, "pve-node3", "local").download_file_to_storage(f"{url}/large.iso")
    assert done is not None
    log = Tasks.decode_log(api.nodes("pve-node3").tasks(done["upid"]).log.get())
    assert "calculating checksum...OK, checksum verified" in log
    for node in ("pve-node2", "pve-node3"):
        [row] = [r for r in api.nodes(node).storage("local").content.get() if r["volid"] == "local:iso/large.iso"]
        assert row["size"] == path.stat().st_size
