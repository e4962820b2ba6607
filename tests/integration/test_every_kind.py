"""The life of an object of every kind: made, unchanged, each field changed and changed back, removed, deleted.

A kind is tested by its file in `tests/cases/kinds`: `spec` has every field, `changes` another value for each.
`KIND-VARIANT.yaml` is another object of the kind, for fields that exclude those of the first.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tools.generate_coverage import Coverage

from proxmox_mpc.engine.execute import ApplyFailed
from proxmox_mpc.engine.plan import Blocked
from proxmox_mpc.kinds import all_kinds, find_kind
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.pve import Cluster
from tests.lab import Lab, lab

CASES = Path(__file__).parents[1] / "cases" / "kinds"
# Kinds that are no plain declaration of fields, and the tests that tell their life.
ELSEWHERE = {
    "VirtualMachine": "test_plans_are_empty.py, test_crash_safety.py",
    "VirtualMachineTemplate": "test_templates.py, test_crash_safety.py",
    "Container": "test_plans_are_empty.py",
    "GuestSet": "test_guest_sets.py",
    "NodeCertificate": "test_certificates.py",
    "StorageFile": "test_storage_files.py",
}


def manifest(kind: str, name: str, spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "proxmox.io/v1", "kind": kind, "metadata": {"name": name, **metadata}, "spec": spec or {}}


class Case:
    """One kind's file."""

    def __init__(self, path: Path) -> None:
        self.id = path.stem
        self.kind = path.stem.partition("-")[0]
        told = yaml.safe_load(path.read_text())
        self.name: str = told["name"]
        self.spec: dict[str, Any] = told["spec"]
        self.changes: dict[str, Any] = told.get("changes", {})
        self.needs: list[dict[str, Any]] = told.get("needs", [])
        self.options: dict[str, Any] = told.get("simulator", {})
        self.kept: list[str] = told.get("required", [])
        # What the API cannot take back.
        self.stays: bool = told.get("stays", False)
        # Fields that no case of the kind can have or change, and why, or where they are tested.
        self.elsewhere: dict[str, str] = told.get("elsewhere", {})

    def text(self, spec: dict[str, Any] | None) -> str:
        needs = [manifest(need["kind"], need["name"], need.get("spec")) for need in self.needs]
        own = [] if spec is None else [manifest(self.kind, self.name, spec)]
        return yaml.safe_dump_all([*needs, *own])

    def changed(self, path: str, value: Any) -> dict[str, Any]:
        return self.with_value(self.spec, path, value)

    @staticmethod
    def with_value(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
        """The spec with another value at `a.b.0.c`."""
        spec = copy.deepcopy(spec)
        *way, last = path.split(".")
        inside: Any = spec
        for step in way:
            inside = inside[int(step)] if step.isdigit() else inside[step]
        inside[int(last) if last.isdigit() else last] = value
        return spec


def cases() -> list[Case]:
    return [Case(path) for path in sorted(CASES.glob("*.yaml"))]


async def settled(lab: Lab, case: Case, spec: dict[str, Any] | None, why: str, **leave: Any) -> None:
    """Apply, and see that nothing is left to do."""
    await lab.apply(case.text(spec), prune=True, **leave)
    plan = await lab.plan(case.text(spec), prune=True)
    assert plan.is_empty, f"{why}: {[(s.key, s.action, s.changes) for s in plan.work]}"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, set[str]]]:
    """Every write that a client sends: its verb, its path as the API spells it, its parameters."""
    found: list[tuple[str, str, set[str]]] = []
    for verb in ("POST", "PUT"):
        send: Any = getattr(Cluster, verb.lower())

        async def recorded(it: Cluster, path: str, params: Any = None, verb: str = verb, send: Any = send) -> Any:
            found.append((verb, path, {name for name in params or () if f"{{{name}}}" not in path}))
            return await send(it, path, params)

        monkeypatch.setattr(Cluster, verb.lower(), recorded)
    return found


def untold(sent: list[tuple[str, str, set[str]]], version: str) -> set[str]:
    """What was sent and no kind says that it sends: the count of what can be declared would not know of it."""
    coverage = Coverage(version)
    lost = set()
    for verb, path, names in sent:
        state = coverage.state.get((verb, path))
        known = coverage.guards | {*state.fields, *state.steering} if state is not None else names
        lost |= {f"{verb} {path} {name}" for name in names if not {name, re.sub(r"\d+$", "[n]", name)} & known}
    return lost


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
async def test_the_life_of_every_kind(case: Case, sent: list[tuple[str, str, set[str]]]) -> None:
    async with lab(**case.options) as it:
        driver = find_kind(case.kind).driver
        await settled(it, case, None, "its needs")
        before = {live.key: live.fields for live in await it.lives(case.kind)}
        await settled(it, case, case.spec, "created")
        kind = find_kind(case.kind)
        secrets = kind.schema.flatten(kind.model.model_validate(case.spec))[1].values()
        told = str([(live.fields, live.facts) for live in await it.lives(case.kind)])
        assert not [secret for secret in secrets if secret in told]
        view = it.view()
        rows = await driver.rows(view)
        assert [live.key for live in await driver.detail(view, rows[:1])] == [live.key for live in rows[:1]]
        for path, value in case.changes.items():
            spec = case.changed(path, value)
            plan = await it.plan(case.text(spec))
            assert not plan.is_empty, f"{path} can be changed without anybody noticing"
            await settled(it, case, spec, f"{path} changed")
            await settled(it, case, case.spec, f"{path} changed back")
        for name in case.spec.keys() - set(case.kept):
            await settled(it, case, {k: v for k, v in case.spec.items() if k != name}, f"{name} removed")
            await settled(it, case, case.spec, f"{name} there again")
        deletion = kind.deletion
        if deletion >= Impact.RESTART:
            with pytest.raises(Blocked, match=deletion.label):
                await it.apply(case.text(None), prune=True)
        await settled(it, case, None, "deleted", allow=max(deletion, Impact.PENDING))
        after = {live.key: live.fields for live in await it.lives(case.kind)}
        assert case.stays or after == before
    assert untold(sent, case.options.get("pve_version", "9.1")) == set()


def test_every_kind_has_a_case() -> None:
    named = {case.kind for case in cases()} | set(ELSEWHERE)
    assert named == {kind.name for kind in all_kinds()}


@pytest.mark.parametrize("name", sorted({case.kind for case in cases()}))
def test_every_field_has_another_value(name: str) -> None:
    """A field that nobody changes in a test can break unseen; what cannot be changed says why."""
    schema, mine = find_kind(name).schema, [case for case in cases() if case.kind == name]
    told: set[str] = set()
    changed: set[str] = set()
    for case in mine:
        fields, secrets = schema.flatten(schema.model.model_validate(case.spec))
        told |= {*fields, *secrets}
        changed |= {p for p in {*fields, *secrets} for path in case.changes if f"{p}.".startswith(f"{path}.")}
    lasting = {
        path
        for path, leaf in schema.leaves.items()
        if not (leaf.wire.create_only or leaf.wire.hint or leaf.wire.impact is Impact.REPLACE)
    }
    lacking = {path for path in schema.leaves if path not in told} | (lasting - changed)
    excused = {path for case in mine for path in case.elsewhere}
    assert {path for path in lacking if not any(f"{path}.".startswith(f"{word}.") for word in excused)} == set()
    assert {word for word in excused if not any(f"{path}.".startswith(f"{word}.") for path in lacking)} == set()


async def test_a_change_that_is_refused_forgets_nothing() -> None:
    """The old entry still holds: it must be taken back when the manifest is mended."""
    head = "apiVersion: proxmox.io/v1\nkind: ACL\nmetadata: { name: watchers }\nspec: { path: /, user: root@pam, role: "
    async with lab() as it:
        await it.apply(f"{head}PVEAuditor }}\n")
        await it.pve.post("/access/roles", {"roleid": "Passing", "privs": "VM.Audit"})
        plan = await it.plan(f"{head}Passing }}\n")
        await it.pve.delete("/access/roles/{roleid}", {"roleid": "Passing"})
        with pytest.raises(ApplyFailed):
            await it.execute(plan)
        await it.apply(f"{head}PVEAdmin }}\n")
        roles = {live.fields["role"] for live in await it.lives("ACL") if live.fields.get("user") == "root@pam"}
    assert roles == {"PVEAdmin"}


async def test_passwords_are_changed_by_logins_not_tokens() -> None:
    amy = "apiVersion: proxmox.io/v1\nkind: User\nmetadata: { name: amy@pve }\nspec: { password: correct-horse }\n"
    async with lab(as_root=True) as it:
        await it.apply(amy)
        changed = amy.replace("correct-horse", "battery-staple")
        plan = await it.apply(changed)
        assert "no API token may" in plan.work[0].changes[0].note
        assert (await it.plan(changed)).is_empty
        login = {"username": "amy@pve", "password": "battery-staple"}
        assert (await it.pve.post("/access/ticket", login))["username"] == "amy@pve"
