"""REST lacks nothing that the product can do, and says the same as an action does that is called here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxmox_mpc.bootstrap import all_actions, find_action, open_session
from proxmox_mpc.errors import MpcError, problem_of
from tests.rest import WAIT, Document
from tests.server.running import Served, serving
from tests.server.test_rest import texts

BROKEN = [
    {
        "name": "bad.yaml",
        "content": "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: {name: x}\nspec: {memory: no}",
    }
]
STRANGE = [{"name": "odd.yaml", "content": "kind: [unclosed"}]
SAME: list[tuple[str, dict[str, Any]]] = [
    ("get", {"kind": "vm"}), ("get", {"kind": "nodeconfigs"}), ("get", {"kind": "storages", "full": True}),
    ("get", {"kind": "vm", "fieldSelector": "status=stopped"}), ("get", {"kind": "vm", "selector": "env=prod"}),
    ("describe", {"kind": "vm", "names": ["web"]}), ("api_resources", {}), ("explain", {"path": "vm.disks"}),
    ("json_schema", {"kinds": ["vm"]}), ("export_manifests", {"kinds": ["vm"]}), ("status", {}), ("history", {"application": "web"}),
    ("release_list", {}), ("secret_list", {}), ("repo_list", {}), ("drift_list_accepted", {}), ("snapshot_list", {"guests": ["web"]}),
    ("validate", {"texts": texts("other")}), ("plan", {"texts": texts("web"), "application": "web"}), ("context_list", {}),
    ("guest_create", {"kind": "vm", "name": "new", "cores": 2}), ("chart_create", {"name": "shop"}),
    ("stop", {"guests": ["web"], "dryRun": True}), ("tag", {"guests": ["web"], "add": ["x"], "dryRun": True}),
]  # fmt: skip
WRONG: list[tuple[str, dict[str, Any]]] = [
    ("get", {"kind": "nothing"}), ("get", {"kind": "vm", "names": ["nobody"]}), ("get", {"kind": "vm", "selector": "a==="}),
    ("describe", {"kind": "vm", "names": ["nobody"]}), ("explain", {"path": "vm.nothing"}), ("history", {"application": "none"}),
    ("validate", {"texts": BROKEN}), ("validate", {"texts": STRANGE}), ("plan", {"texts": BROKEN}), ("plan", {"texts": []}),
    ("apply", {"texts": BROKEN}), ("apply", {"texts": texts("other"), "agreed": "0123"}), ("apply", {"texts": texts("x"), "allow": "murder"}),
    ("rollback", {"application": "none"}), ("rollback", {"application": "web", "revision": 77}), ("release_get", {"name": "none"}),
    ("stop", {"guests": ["nobody"]}), ("stop", {}), ("resize", {"guests": ["web"], "disk": "scsi9", "size": "1G", "dryRun": True}),
    ("delete", {"kind": "vm", "names": ["nobody"]}), ("uninstall", {"name": "none"}), ("release_test", {"name": "none"}),
    ("logs", {"target": "nobody"}), ("secret_show", {"name": "none"}), ("context_delete", {"name": "none"}), ("repo_remove", {"names": ["none"]}),
    ("drift", {"application": "none"}), ("job_get", {"id": "none"}), ("schedule_get", {"name": "none"}), ("chart_lint", {"chart": "bm8="}),
    ("migrate", {"guests": ["web"], "to": "nowhere", "dryRun": True}), ("drain", {"node": "nowhere", "dryRun": True}), ("apply_resume", {}),
]  # fmt: skip
MOVING = {"uptime", "cpu", "at", "hash", "source", "took", "mem", "createdAt", "updatedAt"}
"""What is another thing a moment later, or tells where a context is kept."""


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("parity"), "--simulate") as served:
        admin = served.admin()
        document = Document.of(served.url)
        assert document.ask("apply", {"texts": texts("web"), "application": "web"}, admin, **WAIT).ok
        yield served, document, admin


def test_no_action_is_missing(one: Any) -> None:
    _, api = one[0].call("GET", "/api/v1/openapi.json")
    routes = {
        operation["operationId"]: f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    }
    for action in all_actions():
        method, _, path = action.route.partition(" ")
        assert routes[action.name].replace(":path}", "}") == f"{method} {path.replace(':path}', '}')}", action.name
        operation = next(o for m in api["paths"].values() for o in m.values() if o["operationId"] == action.name)
        assert str(action.status) in operation["responses"]
        assert ("202" in operation["responses"]) or not action.long


def here(served: Served, name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the action answers or raises that is called in this process, on the same store and cluster."""
    monkeypatch.setenv("PROXMOX_MPC_HOME", str(served.home))
    monkeypatch.chdir(served.home)

    async def run() -> Any:
        async with open_session() as session:
            action = find_action(name)
            result = await action(session, action.request.model_validate(given))
            return result.model_dump(mode="json", by_alias=True)

    try:
        return asyncio.run(run())
    except MpcError as error:
        return problem_of(error)


def settled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: settled(one) for name, one in value.items() if name not in MOVING}
    return [settled(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "given"), SAME, ids=lambda value: str(value)[:60])
def test_the_same_is_answered(one: Any, name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    served, document, admin = one
    reply = document.ask(name, given, admin, **WAIT)
    assert reply.ok, reply.text
    assert settled(reply.json) == settled(here(served, name, given, monkeypatch))


@pytest.mark.parametrize(("name", "given"), WRONG, ids=lambda value: str(value)[:60])
def test_the_same_is_refused(one: Any, name: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    served, document, admin = one
    reply = document.ask(name, given, admin, **WAIT)
    wanted = here(served, name, given, monkeypatch)
    if "code" not in wanted:  # guests' verbs say guest by guest what was wrong
        assert [item.get("code") for item in reply.json["items"]] == [item.get("code") for item in wanted["items"]]
        return
    facts = ("code", "exitCode", "status", "detail", "hint", "place")
    assert {name: reply.json.get(name) for name in facts} == {name: wanted.get(name) for name in facts}
