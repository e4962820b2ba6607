"""How plans and live objects look in results: the one JSON form that every face shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from proxmox_mpc.actions._action import Result
from proxmox_mpc.engine.execute import Outcome
from proxmox_mpc.engine.plan import Action, Plan, Step
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import API_VERSION, Change, Kind, Live

REMARKS = 5
"""How many notes of one wording are shown one by one."""
SECRET = "(secret)"  # noqa: S105  what is shown in a secret's place


class ChangeView(Result):
    """One field of a plan, as people write it; secrets are never shown."""

    path: str
    old: Any = None
    new: Any = None
    impact: str = Impact.NONE.label
    reason: str = ""
    note: str = ""


class StepView(Result):
    """One resource of a plan.

    `choices` are what was decided where the manifest leaves it open, `reasons` why: of a node, the others that would
    have fitted, and what keeps the resource from the rest.
    """

    kind: str
    namespace: str
    name: str
    action: str
    impact: str
    note: str = ""
    blocked: str = ""
    gate: str = ""
    opens: str = ""
    secured: bool = False
    choices: dict[str, Any] = {}
    reasons: dict[str, Any] = {}
    changes: list[ChangeView] = []


class HitView(Result):
    """A guest that a plan disturbs: how, at what impact (none where it stays up), and what it serves."""

    guest: str
    vmid: int
    impact: str
    how: str
    services: list[str] = []


class PlanView(Result):
    """A plan, as it is shown, saved and compared; `steps` are only those that do something.

    `totals` counts the changed objects by their impact; `blast` are the guests that go down, move, or lose what they
    stand on.
    """

    context: str
    application: str
    hash: str
    endpoint: str = ""
    empty: bool
    steps: list[StepView]
    notes: list[str] = []
    unchanged: int = 0
    totals: dict[str, int] = {}
    blast: list[HitView] = []
    revision: int | None = None


class OutcomeView(Result):
    """How one resource ended."""

    kind: str
    namespace: str
    name: str
    action: str
    status: str
    error: str = ""
    seconds: float = 0.0
    identity: dict[str, Any] = {}
    remarks: list[str] = []


class ResourceView(Result):
    """A live object: its manifest, and what the cluster says of it beyond that."""

    manifest: dict[str, Any]
    identity: dict[str, Any]
    status: dict[str, Any] = {}
    owner: str = ""
    cells: list[Any] = []


def plan_view(plan: Plan, endpoint: str = "") -> PlanView:
    return PlanView(
        endpoint=endpoint,
        context=plan.context,
        application=plan.application,
        hash=plan.hash,
        empty=plan.is_empty,
        steps=[_step_view(step) for step in plan.work],
        notes=[*plan.notes, *_remarks(plan)],
        unchanged=plan.count(Action.NONE),
        totals=_totals(plan),
        blast=[
            HitView(**{**vars(hit), "impact": hit.impact.label, "services": list(hit.services)}) for hit in plan.blast
        ],
    )


def _totals(plan: Plan) -> dict[str, int]:
    """How many objects change at what impact, the worst first; what is made anew costs nobody anything."""
    costs = [step.impact for step in plan.work if step.action is not Action.CREATE]
    return {impact.label: costs.count(impact) for impact in reversed(Impact) if impact and impact in costs}


def _remarks(plan: Plan) -> list[str]:
    """Notes on what is left as it is; of many that say the same, a few and their number."""
    by_note: dict[str, list[Step]] = {}
    for step in plan.steps:
        if step.action is Action.NONE and step.note:
            by_note.setdefault(step.note, []).append(step)
    lines = []
    for note, steps in by_note.items():
        lines += [f"{step.key}: {note}" for step in steps[:REMARKS]]
        if len(steps) > REMARKS:
            lines.append(f"and {len(steps) - REMARKS} more: {note}")
    return lines


def _step_view(step: Step) -> StepView:
    kind = find_kind(step.key.kind)
    return StepView(
        kind=step.key.kind,
        namespace=step.key.namespace,
        name=step.key.name,
        action=step.action.value,
        impact=step.impact.label,
        note=_note(step),
        blocked=step.refusal.why if step.refusal else "",
        gate=step.refusal.gate.value if step.refusal else "",
        opens=step.refusal.opens if step.refusal else "",
        secured=step.secured,
        choices={name: choice for name, choice in step.choices.items() if choice is not None},
        reasons=_reasons(step),
        changes=[change_view(kind, change) for change in step.changes],
    )


def _reasons(step: Step) -> dict[str, Any]:
    return dict(step.resource.reasons) if step.resource is not None else {}


def _note(step: Step) -> str:
    node = step.choices.get("node")
    chosen = [str(_reasons(step)["node"]["text"]) if "node" in _reasons(step) else f"on {node}" if node else ""]
    if step.choices.get("source"):
        chosen.append(f"clone of VMID {step.choices['source']}")
    return ", ".join(part for part in [step.note, *chosen] if part)


def change_view(kind: Kind, change: Change) -> ChangeView:
    """A change as people write its values."""
    leaf = kind.schema.leaf(change.path)
    if leaf is not None and leaf.wire.secret:
        old, new = (SECRET if value is not None else None for value in (change.old, change.new))
    else:
        old, new = (kind.schema.show(change.path, value) for value in (change.old, change.new))
        old, new = _without_login(old), _without_login(new)
        if old is None and change.new is not None and leaf is not None:
            old = kind.schema.show(change.path, leaf.wire.default)
    said = {"impact": change.impact.label, "reason": change.reason, "note": change.note}
    return ChangeView(path=change.path, old=old, new=new, **said)


def written(value: Any) -> str:
    """A shown value within a sentence."""
    return "unset" if value is None else ",".join(map(str, value)) if isinstance(value, list) else str(value)


_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


def _without_login(value: Any) -> Any:
    """A URL may hold a login; plans are kept, and shown to others."""
    return _LOGIN.sub(f"{SECRET}@", value) if isinstance(value, str) else value


def outcome_views(outcomes: Sequence[Outcome]) -> list[OutcomeView]:
    return [
        OutcomeView(
            kind=o.key.kind,
            namespace=o.key.namespace,
            name=o.key.name,
            action=o.action.value,
            status=o.status,
            error=str(o.error or ""),
            seconds=round(o.seconds, 3),
            identity=dict(o.identity),
            remarks=list(o.remarks),
        )
        for o in outcomes
    ]


def manifest(kind: Kind, live: Live) -> dict[str, Any]:
    """A live object as the manifest that would make it: no defaults, no secrets, nothing that the server chose."""
    own = {path: value for path, value in live.fields.items() if not path.startswith("metadata.")}
    metadata: dict[str, str] = {"name": live.key.name}
    if kind.namespaced:
        metadata["namespace"] = live.key.namespace
    document: dict[str, Any] = {"apiVersion": API_VERSION, "kind": kind.name, "metadata": metadata}
    if spec := kind.schema.nest(own):
        document["spec"] = spec
    return document


def resource_view(kind: Kind, live: Live, *, full: bool) -> ResourceView:
    return ResourceView(
        manifest=manifest(kind, live) if full else _stub(kind, live),
        identity=dict(live.identity),
        status={name: value for name, value in live.facts.items() if isinstance(value, str | int | float | bool)},
        owner=live.mark.application if live.mark else "",
        cells=[column.read(live) for column in kind.columns],
    )


def _stub(kind: Kind, live: Live) -> dict[str, Any]:
    metadata: Mapping[str, str] = {"name": live.key.name, "namespace": live.key.namespace}
    return {
        "apiVersion": API_VERSION,
        "kind": kind.name,
        "metadata": {name: value for name, value in metadata.items() if value},
    }
