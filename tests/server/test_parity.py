"""REST lacks nothing that the product can do, and says the same as an action does that is called here."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from proxmox_mpc.actions._action import Action
from proxmox_mpc.bootstrap import all_actions, find_action, open_session
from proxmox_mpc.bootstrap.remote import asking
from proxmox_mpc.errors import MpcError, problem_of
from tests.rest import WAIT, Document
from tests.server.running import Served, serving
from tests.server.security.world import CHART, archive
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
    ("snapshot_list", {"texts": texts("web")}), ("chart_template", {"chart": archive(CHART), "name": "x"}), ("drift", {}),
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


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")  # any word will do to see where it goes
@pytest.mark.parametrize("action", all_actions(), ids=lambda one: one.name)
def test_the_command_line_asks_as_the_document_says(one: Any, action: Action[Any, Any]) -> None:
    _, document, _ = one
    operation = document.operations()[action.name]
    fields = {name: info.alias or name for name, info in action.request.outside_fields().items()}
    asked = asking(action, action.request.model_construct(**dict.fromkeys(fields, "x")), "lab")
    in_path = {name for name, place in operation.parameters.items() if place == "path"}
    path = operation.path
    for name in in_path:
        path = path.replace(f"{{{name}}}", "x")
    assert (asked.method, f"/api/v1{asked.path}") == (operation.method, path)
    documented = {name for name, place in operation.parameters.items() if place == "query"}
    if "requestBody" in operation.spec:
        schema = json.dumps(operation.spec["requestBody"]["content"]["application/json"]["schema"])
        model = next(word for word in schema.split('"') if word.startswith("#/")).rpartition("/")[2]
        documented |= set(document.content["components"]["schemas"][model]["properties"])
    assert {alias for name, alias in fields.items() if name not in in_path} == documented - {
        "context",
        "limit",
        "cursor",
    } | ({"limit", "cursor"} & set(fields))
    assert action.result.__name__ in json.dumps(operation.spec["responses"][str(action.status)])


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
