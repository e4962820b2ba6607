"""Show how the cluster differs from manifests."""

from __future__ import annotations

import difflib
from typing import Any

import yaml

from proxmox_mpc.actions._action import Result, action
from proxmox_mpc.actions._planning import DesiredState, prepare
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import SECRET, manifest
from proxmox_mpc.engine.plan import Action, Step
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._kind import Kind


class DiffItem(Result):
    """One resource: unified lines from what lives to what is wanted."""

    resource: str
    lines: list[str]


class DiffResult(Result):
    """All that differs; empty when nothing does."""

    items: list[DiffItem]


@action(permission="resources:read", route="POST /plans/diff", scope="namespace")
async def diff(session: Session, request: DesiredState) -> DiffResult:
    """Show how the cluster differs from these manifests, field by field, live to desired."""
    prepared = await prepare(session, request)
    return DiffResult(items=[_item(step) for step in prepared.plan.work if step.action is not Action.FORGET])


def _item(step: Step) -> DiffItem:
    kind = find_kind(step.key.kind)
    live = manifest(kind, step.live) if step.live else {}
    wanted = {} if step.action is Action.DELETE else _wanted(kind, step, live)
    lines = difflib.unified_diff(
        _text(live), _text(wanted), f"live/{step.key}", f"desired/{step.key}", lineterm="", n=2
    )
    return DiffItem(resource=str(step.key), lines=list(lines))


def _wanted(kind: Kind, step: Step, live: dict[str, Any]) -> dict[str, Any]:
    """The live manifest with the plan's changes made: undeclared fields stand as they are."""
    fields: Fields = dict(step.live.fields) if step.live else {}
    for change in step.changes:
        if change.new is None:
            fields = {p: v for p, v in fields.items() if p != change.path and not p.startswith(f"{change.path}.")}
        else:
            leaf = kind.schema.leaf(change.path)
            fields[change.path] = SECRET if leaf is not None and leaf.wire.secret else change.new
    fields = {path: value for path, value in fields.items() if not path.startswith("metadata.")}
    metadata = live.get("metadata") or {"name": step.key.name, **_namespace(step)}
    head = {"apiVersion": "proxmox.io/v1", "kind": step.key.kind, "metadata": metadata}
    return {**head, "spec": kind.schema.nest(fields)}


def _namespace(step: Step) -> dict[str, str]:
    return {"namespace": step.key.namespace} if step.key.namespace else {}


def _text(document: dict[str, Any]) -> list[str]:
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).splitlines() if document else []
