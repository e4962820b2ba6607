"""Roles reach down the tree, deeper entries replace higher ones, tokens have less than their user."""

from __future__ import annotations

import pytest

from proxmox_mpc.simulator._permissions import privileges
from proxmox_mpc.simulator.presets import empty
from proxmox_mpc.simulator.state.access import Group, Rule, Token, User
from proxmox_mpc.simulator.state.cluster import Cluster, Pool
from tests.unit.simulator.api import Api


@pytest.fixture
def cluster() -> Cluster:
    made = empty.make(1)
    made.access.users["amy@pve"] = User(tokens={"all": Token("s", privsep=False), "less": Token("s")})
    made.access.groups["ops"] = Group(members=["amy@pve"])
    return made


def test_nothing_is_given_by_default(cluster: Cluster) -> None:
    assert privileges(cluster, "amy@pve", "/vms/100") == {}


def test_propagation_and_replacement(cluster: Cluster) -> None:
    cluster.access.rules = [
        Rule("/", "user", "amy@pve", "PVEAuditor", True),
        Rule("/vms/100", "user", "amy@pve", "PVEVMUser", True),
        Rule("/vms", "user", "amy@pve", "PVEVMAdmin", False),
    ]
    assert "VM.Allocate" in privileges(cluster, "amy@pve", "/vms")
    assert "VM.Allocate" not in privileges(cluster, "amy@pve", "/vms/101")
    assert "Sys.Audit" in privileges(cluster, "amy@pve", "/vms/101")
    assert "VM.PowerMgmt" in privileges(cluster, "amy@pve", "/vms/100")
    assert "Sys.Audit" not in privileges(cluster, "amy@pve", "/vms/100")


def test_no_access_wins_and_own_entries_hide_the_groups(cluster: Cluster) -> None:
    cluster.access.rules = [Rule("/vms", "group", "ops", "PVEVMAdmin", True)]
    assert "VM.Allocate" in privileges(cluster, "amy@pve", "/vms/100")
    cluster.access.rules.append(Rule("/vms", "user", "amy@pve", "PVEVMUser", True))
    assert "VM.Allocate" not in privileges(cluster, "amy@pve", "/vms/100")
    cluster.access.rules.append(Rule("/vms/100", "user", "amy@pve", "NoAccess", True))
    assert privileges(cluster, "amy@pve", "/vms/100") == {}


def test_pool_members_inherit(cluster: Cluster) -> None:
    cluster.pools["dev"] = Pool(guests=[100])
    cluster.access.rules = [Rule("/pool/dev", "user", "amy@pve", "PVEVMUser", True)]
    assert privileges(cluster, "amy@pve", "/vms/100")["VM.Audit"] == 0
    assert privileges(cluster, "amy@pve", "/vms/101") == {}


def test_tokens(cluster: Cluster) -> None:
    cluster.access.rules = [
        Rule("/vms", "user", "amy@pve", "PVEVMUser", True),
        Rule("/vms", "token", "amy@pve!less", "PVEAuditor", True),
    ]
    assert privileges(cluster, "amy@pve!all", "/vms/1") == privileges(cluster, "amy@pve", "/vms/1")
    assert set(privileges(cluster, "amy@pve!less", "/vms/1")) == {"VM.Audit", "VM.GuestAgent.Audit"}


async def test_lists_are_filtered_not_forbidden(api: Api) -> None:
    await api.call("POST", "/access/users", userid="amy@pve", password="long-enough")
    await api.call("PUT", "/access/acl", path="/vms/9000", roles="PVEAuditor", users="amy@pve")
    assert await api.run("POST", "/nodes/pve-node1/qemu", vmid=100) == "OK"
    amy = await api.as_user("amy@pve", "long-enough")
    assert [g["vmid"] for g in await amy.get("/nodes/pve-node1/qemu")] == [9000]
    assert [r["id"] for r in await amy.get("/cluster/resources", type="vm")] == ["qemu/9000"]
    assert await amy.get("/storage") == []
    refused = await amy.call("GET", "/nodes/pve-node1/qemu/100/config")
    assert (refused.status, refused.reason) == (403, "Permission check failed (/vms/100, VM.Audit)")


async def test_writes_by_ticket_need_the_csrf_token(api: Api) -> None:
    root = await api.as_user("root@pam", api.sim.password)
    del root.headers["CSRFPreventionToken"]
    assert (await root.call("GET", "/version")).status == 200
    refused = await root.call("POST", "/pools", poolid="p")
    assert (refused.status, refused.reason, refused.body) == (401, "Permission denied - invalid csrf token", {})
