"""API1, broken object level authorization: who may work in team-a neither sees nor changes what is team-b's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxmox_mpc.actions._action import Action
from proxmox_mpc.bootstrap import all_actions
from tests.server.security.cases import CHARTS, STOLEN, cases
from tests.server.security.world import CANARY, World, archive, texts, vm

NARROWED = [action for action in all_actions() if action.scope == "namespace"]


@pytest.fixture(scope="module")
def before(world: World) -> str:
    return world.theirs()


def test_every_action_that_narrows_itself_to_namespaces_has_been_thought_of() -> None:
    assert [action.name for action in NARROWED if not cases(action)] == []


def told(reply: str, asked: dict[str, Any]) -> list[str]:
    """What an answer tells that was not in the question."""
    question = json.dumps(asked)
    known = [word for word in ("bravo-web", "bravo-db", "bravo-tpl", "bravo-rel", CANARY) if word not in question]
    if "bravo" not in question:
        known.append("bravo")
    return [word for word in known if word in reply]


@pytest.mark.parametrize("action", NARROWED, ids=lambda action: action.name)
def test_nothing_of_another_team_is_seen_or_changed(world: World, before: str, action: Action[Any, Any]) -> None:
    for given in cases(action):
        reply = world.ask(action.name, world.amy, **given)
        assert reply.status < 500, (given, reply.text)
        assert told(reply.text, given) == [], given
        answer = reply.json
        # What would be agreed to is, with the very hash that was shown.
        shown = (
            (answer.get("hash") if answer.get("asks") else (answer.get("plan") or {}).get("hash")) if reply.ok else ""
        )
        if shown and "agreed" in action.request.model_fields:
            reply = world.ask(action.name, world.amy, **given, agreed=shown)
            assert told(reply.text, given) == [], given
    if action.writes:
        assert world.theirs() == before


def test_what_is_theirs_they_see_and_change(world: World) -> None:
    names = [one["manifest"]["metadata"]["name"] for one in world.ok("get", world.amy, kind="vm")["items"]]
    assert {"alpha-web", "alpha-db", "alpha-tpl"} <= set(names)
    assert world.ok("tag", world.amy, guests=["alpha-db"], add=["by-amy"])["items"][0]["status"] == "done"
    assert world.ok("history", world.amy, application="alpha")["items"]
    own = texts(vm("alpha-own", "team-a", 7150))
    assert world.ok("apply", world.amy, texts=own, application="own")["outcomes"][0]["status"] == "done"
    assert world.ok("snapshot_create", world.amy, guests=["alpha-own"], name="mine")["items"][0]["status"] == "done"
    status = [one["name"] for one in world.ok("status", world.amy)["items"]]
    assert "alpha" in status
    assert "bravo" not in status


@pytest.mark.parametrize("stolen", STOLEN, ids=lambda one: one[0]["content"].partition("pve-node1, ")[2].strip(" }\n"))
def test_manifests_reach_nothing_beyond_their_namespace(world: World, stolen: list[dict[str, str]]) -> None:
    for id in ("plan", "apply"):
        reply = world.ask(id, world.amy, texts=stolen, application="mine")
        unseen = any(word in stolen[0]["content"] for word in ("template: bravo", "template: 7202", "secretRef"))
        assert reply.json["code"] == ("input.invalid" if unseen else "auth.not-allowed"), reply.text


def test_what_reaches_beyond_is_for_who_may_everything_there(world: World) -> None:
    fine = [one for one in STOLEN if any(word in one[0]["content"] for word in ("args", "7202", "/dev/sda", "hostpci"))]
    assert [world.ask("plan", world.admin, texts=one).status for one in fine] == [200] * 4
    mine = texts(vm("alpha-iso", "team-a", 7170) + "  cdrom: [{ iso: 'local:iso/debian-12.8.0-amd64-netinst.iso' }]\n")
    assert world.ask("plan", world.amy, texts=mine, application="iso").status == 200


def test_a_backup_of_another_team_is_not_restored_into_ones_own(world: World) -> None:
    for name in (world.backup, world.backup.rpartition("/")[2]):
        reply = world.ask("restore", world.amy, guests=[name], name="alpha-thief", namespace="team-a")
        assert (reply.status, reply.json["code"]) == (404, "not-found"), reply.text
    restored = world.ask("restore", world.admin, guests=[world.backup], name="copy", namespace="team-a", dryRun=True)
    assert restored.json["items"][0]["status"] == "planned", "there is such a backup"


def test_a_saved_plan_of_another_team_is_not_opened(world: World) -> None:
    content = world.ok("plan_save", texts=texts(vm("bravo-web", "team-b", 7200, CANARY)), application="bravo")[
        "content"
    ]
    reply = world.ask("plan_open", world.amy, content=content)
    assert reply.status == 403
    assert CANARY not in reply.text


def test_passwords_that_a_chart_makes_up_are_not_made_up_again_for_others(world: World) -> None:
    """Whoever may look, but not install, gets other random values than the release has."""
    wanted = {**CHARTS[0], "values": {"set": [f"secret={CANARY}"]}}
    made = world.ok("release_get", name="bravo-rel")["manifest"]
    shown = world.ask("chart_template", world.ben, **wanted)
    assert shown.ok, shown.text
    word = made.split(CANARY)[1].split()[0].strip("'\"")
    assert len(word) == 12
    assert word not in shown.text
    assert word in world.ok("chart_template", **wanted)["manifest"], "who may install it sees the same"


def test_a_hook_of_a_chart_does_no_more_than_who_installs_it(world: World, before: str) -> None:
    job = """\
apiVersion: proxmox.io/v1
kind: Job
metadata: { name: thief, annotations: { proxmox.io/hook: pre-install } }
spec: { steps: [{ action: stop, with: { guests: ["7200"] } }] }
"""
    files = {"Chart.yaml": "apiVersion: proxmox.io/v1\nname: shop\nversion: 1.0.0\n", "templates/job.yaml": job}
    files["templates/vm.yaml"] = vm("alpha-hook", "team-a", 7160)
    given = {"chart": archive(files), "name": "thief", "namespace": "team-a"}
    shown = world.ask("install", world.amy, **given)
    reply = world.ask("install", world.amy, **given, agreed=shown.json["plan"]["hash"])
    assert reply.status in (403, 404, 422), reply.text
    assert "there is no guest" in reply.text
    assert world.theirs() == before
