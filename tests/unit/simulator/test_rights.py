"""What the schema leaves to the handlers: who may look into volumes, prune backups, and talk to monitors."""

from __future__ import annotations

import pytest

from tests.unit.simulator.api import Answer, Api, running

NODE = "/nodes/pve-node1"
LOCAL = f"{NODE}/storage/local"
ISO = "local:iso/x.iso"
PASSWORD = "correct-horse"


async def amy(api: Api, *privileges: tuple[str, str]) -> Api:
    """A user with these privileges on these paths."""
    await api.do("POST", "/access/users", userid="amy@pve", password=PASSWORD)
    for number, (path, privilege) in enumerate(privileges):
        await api.do("POST", "/access/roles", roleid=f"role{number}", privs=privilege)
        await api.do("PUT", "/access/acl", path=path, roles=f"role{number}", users="amy@pve")
    return await api.as_user("amy@pve", PASSWORD)


async def backed_up(api: Api) -> str:
    """The only backup of VM 100."""
    await api.run("POST", f"{NODE}/qemu", vmid=100, scsi0="local-lvm:1", cipassword="hunter2")
    assert await api.run("POST", f"{NODE}/vzdump", vmid=100, storage="local") == "OK"
    (row,) = await api.get(f"{LOCAL}/content", content="backup")
    return str(row["volid"])


async def test_nobody_looks_into_volumes_of_others_or_prunes_them(api: Api) -> None:
    volid = await backed_up(api)
    await api.run("POST", f"{LOCAL}/download-url", url="http://example.org/x.iso", content="iso", filename="x.iso")
    stranger = await amy(api)
    requests: list[tuple[str, str, dict[str, object]]] = [
        ("GET", f"{LOCAL}/content/{volid}", {}),
        ("GET", f"{LOCAL}/content/{ISO}", {}),
        ("PUT", f"{LOCAL}/content/{volid}", {"protected": 1}),
        ("GET", f"{NODE}/vzdump/extractconfig", {"volume": volid}),
        ("DELETE", f"{LOCAL}/prunebackups", {"prune-backups": "keep-last=1"}),
        ("DELETE", f"{LOCAL}/prunebackups", {"prune-backups": "keep-last=1", "vmid": 100}),
    ]
    for method, path, form in requests:
        assert (await stranger.call(method, path, **form)).status == 403, path
    assert [row["volid"] for row in await api.get(f"{LOCAL}/content", content="backup")] == [volid]


async def test_backups_of_ones_own_guests_are_ones_own() -> None:
    async with running() as api:
        volid = await backed_up(api)
        owner = await amy(api, ("/storage/local", "Datastore.AllocateSpace"), ("/vms/100", "VM.Backup"))
        assert (await owner.get(f"{LOCAL}/content/{volid}"))["protected"] == 0
        await owner.do("PUT", f"{LOCAL}/content/{volid}", notes="mine")
        assert "scsi0: local-lvm" in await owner.get(f"{NODE}/vzdump/extractconfig", volume=volid)
        assert (await owner.call("DELETE", f"{LOCAL}/prunebackups")).reason.endswith("Datastore.Allocate)")
        await owner.do("DELETE", f"{LOCAL}/prunebackups", vmid=100)


@pytest.mark.parametrize(
    ("command", "status"), [("info status", 200), (" help ", 200), ("quit", 403), ("info; quit", 403)]
)
async def test_auditors_only_ask_monitors(api: Api, command: str, status: int) -> None:
    await api.run("POST", f"{NODE}/qemu", vmid=100)
    auditor = await amy(api, ("/vms/100", "Sys.Audit"))
    answer: Answer = await auditor.call("POST", f"{NODE}/qemu/100/monitor", command=command)
    assert answer.status == status
    assert status == 200 or answer.reason == "Permission check failed (/vms/100, Sys.Modify)"


async def test_backups_leave_the_node_alone_for_those_who_may_not_change_it(api: Api) -> None:
    await api.run("POST", f"{NODE}/qemu", vmid=100)
    form = {"vmid": 100, "storage": "local"}
    rights = [("/storage/local", "Datastore.AllocateSpace"), ("/vms/100", "VM.Backup")]
    owner, root = await amy(api, *rights), await api.as_root()
    for option, value in (("tmpdir", "/srv/fast"), ("dumpdir", "/srv/dump"), ("script", "/srv/hook.sh")):
        for caller in (owner, api):
            refused = await caller.call("POST", f"{NODE}/vzdump", **form, **{option: value})
            assert refused.errors == {option: "Only root may set this option."}
    for option, value in (("bwlimit", "1000"), ("ionice", "8"), ("performance", "max-workers=1")):
        assert (await owner.call("POST", f"{NODE}/vzdump", **form, **{option: value})).reason.endswith(
            "(/, Sys.Modify)"
        )
        assert await api.run("POST", f"{NODE}/vzdump", **form, **{option: value}) == "OK"
    assert await root.run("POST", f"{NODE}/vzdump", **form, tmpdir="/srv/fast", script="/srv/hook.sh") == "OK"
    assert await owner.run("POST", f"{NODE}/vzdump", **form) == "OK"
