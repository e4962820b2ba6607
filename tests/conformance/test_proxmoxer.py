"""proxmoxer, a client that nobody here wrote, against the simulator."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from proxmoxer import ProxmoxAPI
from proxmoxer.core import AuthenticationError, ResourceException


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
