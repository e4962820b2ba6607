"""API3, broken object property level authorization: fields that nobody asks for, and what is told too much."""

from __future__ import annotations

import json
import re

import pytest

from proxmox_mpc.bootstrap import all_actions
from tests.server.security.world import World, call, texts, vm

V1 = "/api/v1"


INNER = {
    "apply": {
        "undo": ["VirtualMachine team-b/bravo-web"],
        "continues": True,
        "release": {"chart": {"name": "x"}},
        "verb": "rollback",
        "first": [],
    },
    "plan": {"undo": ["VirtualMachine team-b/bravo-web"], "first": []},
    "rollback": {"undo": ["VirtualMachine team-b/bravo-web"]},
}


def test_api3_fields_that_are_not_asked_for_are_refused(world: World) -> None:
    for action in all_actions():
        given = {"application": "x", "kind": "vm", "name": "x", "id": "1", "path": "vm", "node": "x", "target": "x"}
        needed = {name: given.get(name, "x") for name in re.findall(r"{(\w+)}", action.route)}
        if action.name in ("logout", "secret_rotate_key"):
            continue
        reply = world.ask(action.name, world.ben, **needed, isAdmin=True)
        assert reply.status in (403, 422), (action.name, reply.text)


@pytest.mark.parametrize("id", list(INNER))
def test_api3_what_actions_tell_each_other_is_given_by_nobody_else(world: World, id: str) -> None:
    for name, value in INNER[id].items():
        given = {"application": "alpha", name: value} | (
            {"texts": texts(vm("a", "team-a", 7190))} if id != "rollback" else {}
        )
        for spelled in (given, {**given, f"{name}_": value} if "_" in name else given):
            reply = world.ask(id, world.admin, **spelled)
            assert (reply.status, reply.json["code"]) == (422, "input.invalid"), (name, reply.text)
        scheduled = {"name": "sneaky", "action": id, "request": given, "cron": "0 3 * * *"}
        if id != "plan":
            assert world.ask("schedule_create", world.admin, **scheduled).status == 422, name
        schema = json.dumps(world.document.operations()[id].spec)
        assert f'"{name}"' not in schema


def test_api3_credentials_are_never_answered(world: World) -> None:
    world.ok(
        "context_set",
        name="other",
        endpoints=["https://192.0.2.9:8006"],
        user="root@pam",
        password="hunter2-pve-password",
    )
    world.ok(
        "context_set", name="third", endpoints=["https://192.0.2.9:8006"], tokenId="a@pam!b", tokenSecret="hunter2-tok"
    )
    for id in ("context_list", "audit_list", "audit_export", "job_list", "message_list"):
        text = world.ask(id, world.admin).text
        assert "hunter2" not in text, id
    assert "hunter2" not in call(world, "GET", "/api/system/status", token=world.admin).text
    for name in ("other", "third"):
        world.ok("context_delete", name=name)


LOGINS = {
    "password": {"user": "root@pam", "password": "hunter2-pve-password"},
    "token": {"tokenId": "a@pam!b", "tokenSecret": "hunter2-tok"},
}


@pytest.mark.parametrize("kept", LOGINS)
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"password": "x"},
        {"tokenSecret": "x"},
        {"user": "root@pam"},
        {"tokenId": "a@pam!b"},
        {"user": "root@pam", "tokenSecret": "x"},
        {"tokenId": "a@pam!b", "password": "x"},
    ],
    ids=str,
)
def test_api3_nobody_has_a_kept_secret_sent_to_a_host_of_his_own(
    world: World, kept: str, given: dict[str, str]
) -> None:
    world.ok("context_set", name="moving", endpoints=["https://192.0.2.9:8006"], **LOGINS[kept])
    owns = "tokenSecret" in given if kept == "token" else [*given] == ["password"]
    for how in ({"endpoints": ["https://192.0.2.66:8006"]}, {"insecure": True}):
        reply = world.ask("context_set", world.admin, name="moving", **how, **given)
        assert reply.status == (200 if owns else 400), (
            reply.text,
            "only who knows the secret that is sent may move it",
        )
    world.ok("context_delete", name="moving")
