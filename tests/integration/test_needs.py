"""What a manifest refers to and what is not there is refused at its place, with what there is, before any request."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from proxmox_mpc.errors import InvalidInput, InvalidInputs
from proxmox_mpc.pve import Cluster, Password, SystemTrust, Target
from tests.lab import Lab, lab

GUEST = {"vmid": 150, "type": "qemu", "node": "pve-node1", "config": {"name": "web"}}
SEED = {
    "guests": [GUEST],
    "groups": [{"groupid": "operators"}],
    "pools": [{"poolid": "shop"}],
    "users": [{"userid": "amy@pve", "password": "a secret of hers"}],
}


def doc(kind: str, name: str, **spec: Any) -> str:
    return yaml.safe_dump({"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})


JOB = {"schedule": "daily", "storage": "local"}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (doc("BackupJob", "bj", pool="shopp", **JOB), "spec.pool: there is no Pool 'shopp'", "did you mean shop?"),
        (
            doc("BackupJob", "bj", all=True, **JOB | {"storage": "tape"}),
            "spec.storage: there is no Storage 'tape'",
            "lo",
        ),
        (doc("User", "bob@pve", groups=["operators", "x"]), "spec.groups: there is no Group 'x'", "there: operators"),
        (doc("ACL", "a", path="/", user="any@pve", role="PVEAdmin"), "spec.user: there is no User 'any@pve'", "amy@"),
        (
            doc("ACL", "a", path="/", user="amy@pve", role="PVEAdmn"),
            "spec.role: there is no Role 'PVEAdmn'",
            "PVEAdmin",
        ),
        (doc("APIToken", "bob@pve!ci"), "metadata.name: there is no User 'bob@pve'", "amy@pve"),
        (doc("SDNVNet", "lab1", zone="z"), "spec.zone: there is no SDNZone 'z'", "there is no SDNZone at all"),
        (doc("SDNSubnet", "lab1/10.0.0.0/24"), "metadata.name: there is no SDNVNet 'lab1'", "declare it"),
        (doc("SDNZone", "lab", type="simple", ipam="book"), "spec.ipam: there is no SDNIPAM 'book'", "there: pve"),
        (doc("HAResource", "vm:151"), "metadata.name: there is no VirtualMachine '151'", "150"),
        (doc("HAResource", "ct:150"), "metadata.name: there is no Container '150'", "there is"),
        (doc("ReplicationJob", "151-0", target="pve-node2"), "metadata.name: there is no guest '151'", "150"),
        (doc("NotificationMatcher", "all", targets=["mail-to-rot"]), "NotificationEndpoint 'mail-to-rot'", "to-root?"),
        (doc("RealmSyncJob", "s", realm="ad", schedule="daily", scope="both"), "spec.realm: there is no Realm", "pam"),
        (doc("ReplicationJob", "150-0", target="pve-node9"), "spec.target: there is no node 'pve-node9'", "pve-node3"),
        (doc("Storage", "s", type="dir", path="/srv", nodes=["x"]), "spec.nodes: there is no node 'x'", "pve-node1"),
        (doc("Bridge", "pve-node9/vmbr9"), "there is no node 'pve-node9' online", "pve-node1, pve-node2, pve-node3"),
    ],
)
async def test_a_reference_that_leads_nowhere(text: str, message: str, hint: str) -> None:
    async with lab(seed=SEED) as it:
        with pytest.raises(InvalidInput) as caught:
            await it.plan(text)
        assert message in str(caught.value)
        assert hint in caught.value.hint
        assert caught.value.place is not None
        assert it.writes() == []


@pytest.mark.parametrize("version", ["8.4", "9.1"])
async def test_nodes_of_a_rule_or_a_group_must_be_there(version: str) -> None:
    rule = doc("HARule", "left", type="node-affinity", resources=["vm:150"], nodes=["pve-node1:2", "x:1"])
    text = rule if version == "9.1" else doc("HAGroup", "left", nodes=["pve-node1:2", "x:1"])
    async with lab(seed=SEED, pve_version=version) as it:
        await it.pve.post("/cluster/ha/resources", {"sid": "vm:150", "state": "ignored"})
        with pytest.raises(InvalidInput, match="there is no node 'x'"):
            await it.plan(text)
        await it.apply(text.replace("x:1", "pve-node2:1"))


async def test_every_lost_reference_of_a_plan_is_told_at_once() -> None:
    async with lab() as it:
        with pytest.raises(InvalidInputs) as caught:
            await it.plan(doc("User", "bob@pve", groups=["a", "b"]) + "---\n" + doc("BackupJob", "bj", pool="c", **JOB))
        assert sorted(str(error).rpartition(" ")[2] for error in caught.value.errors) == ["'a'", "'b'", "'c'"]


async def test_what_is_declared_beside_it_need_not_be_there() -> None:
    async with lab() as it:
        both = doc("Pool", "shop") + "---\n" + doc("BackupJob", "bj", pool="shop", **JOB)
        await it.apply(both)
        assert (await it.plan(both)).is_empty


async def test_what_names_something_that_is_gone_by_now_can_be_left_so_and_mended(lab: Lab) -> None:
    await lab.pve.post("/cluster/backup", {"id": "old", "all": True, **JOB, "storage": "was-here"})
    old = doc("BackupJob", "old", all=True, **JOB | {"storage": "was-here"})
    await lab.apply(old, adopt=True)
    assert (await lab.plan(old)).is_empty
    with pytest.raises(InvalidInput, match="there is no Storage 'nor-this'"):
        await lab.plan(old.replace("was-here", "nor-this"))
    await lab.apply(old.replace("was-here", "local"))


async def test_a_login_that_does_not_see_everything_is_believed() -> None:
    acl = [{"path": "/", "type": "user", "ugid": "amy@pve", "roleid": "PVEUserAdmin", "propagate": True}]
    async with lab(seed={**SEED, "acl": acl}) as it:
        target = Target((it.sim.url,), Password("amy@pve", "a secret of hers"), SystemTrust())
        async with Cluster(target) as pve:
            hers = Lab(it.sim, pve)
            # She cannot know whether there is a VM 151, so the cluster is asked.
            assert not (await hers.plan(doc("ReplicationJob", "151-0", target="pve-node2"))).is_empty


async def test_a_kind_that_is_referred_to_is_listed_once(lab: Lab) -> None:
    await lab.pve.post("/access/groups", {"groupid": "operators"})
    users = "---\n".join(doc("User", f"u{n}@pve", groups=["operators"]) for n in range(20))
    await lab.plan(doc("Role", "Watcher"))
    before = lab.sim.requests.total
    await lab.plan(users)
    assert [path for _, path in list(lab.sim.requests)[before - lab.sim.requests.total :]] == [
        "/access/users",
        "/access/groups",
    ]
