"""Carry out snapshot policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._applying import applier
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.settle import SettleRequest, settle
from proxmox_mpc.applications import clusters, rotation
from proxmox_mpc.applications.errands import errand
from proxmox_mpc.applications.rotation import Turn
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._guest_rows import Row, namespace_of, words_for
from proxmox_mpc.kinds._selectors import matches_labels
from proxmox_mpc.kinds._view import View


class SnapshotRotateRequest(Request):
    """Which policies."""

    policies: list[str] = Field([], description="Policies by name; all when empty.")
    dry_run: bool = Field(False, description="Only say what is due.")


class TurnView(Result):
    """One guest's turn: what was (or would be) taken and deleted, or why not."""

    policy: str
    namespace: str
    guest: str
    vmid: int
    taken: str = ""
    deleted: list[str] = []
    error: str = ""


class SnapshotRotateResult(Result):
    """What was done, guest by guest; those for which nothing was due are not among them."""

    dry_run: bool
    items: list[TurnView]


@action(permission="guests:write", route="POST /snapshots/rotate", writes=True, long=True)
async def snapshot_rotate(session: Session, request: SnapshotRotateRequest) -> SnapshotRotateResult:
    """Take the snapshots that are due by policies, and delete those of theirs that are not kept any more."""
    if not request.dry_run:
        await settle(session, SettleRequest())
    view, context, store = await session.view(), await session.context(), await session.store()
    await clusters.confirm(store, context.name, await clusters.look(view))
    policies = {key.name: item for key, item in (await view.remembered()).items() if key.kind == "SnapshotPolicy"}
    if missing := [name for name in request.policies if name not in policies]:
        hint = "proxmox-cli get snapshotpolicies lists those that were applied"
        raise NotFoundError(f"there is no SnapshotPolicy {missing[0]!r}", hint=hint)
    items: list[TurnView] = []
    for name in request.policies or sorted(policies):
        fields = policies[name].applied or {}
        if fields.get("enabled", True):
            now = session.now()
            turns = await rotation.look(view, name, fields, await _guests(view, fields), now)
            if not request.dry_run and any(turn.take or turn.drop for turn in turns):
                async with errand(await applier(session), view, context.name, f"snapshots/{name}", "rotate") as run_of:
                    turns = await rotation.carry_out(name, fields, turns, now, run_of, session.report)
            items += [_view(name, turn) for turn in turns if turn.take or turn.drop or turn.error]
    return SnapshotRotateResult(dry_run=request.dry_run, items=items)


async def _guests(view: View, fields: Mapping[str, Value]) -> Sequence[tuple[Row, str]]:
    """The guests that a policy means, each with what a person calls it."""
    rows = await view.rows("qemu", "lxc")
    words = words_for(rows)
    found = [(row, words[int(row["vmid"])]) for row in rows if not row.get("template") and _is_meant(row, fields)]
    return sorted(found, key=lambda pair: (namespace_of(pair[0]), pair[1]))


def _is_meant(row: Row, fields: Mapping[str, Value]) -> bool:
    named = {str(row["vmid"]), str(row.get("name"))}
    guests, without = (set(map(str, _list(fields.get(path)))) for path in ("guests", "exclude"))
    if named & without or ("namespace" in fields and fields["namespace"] != namespace_of(row)):
        return False
    selector = fields.get("selector")
    selected = selector is not None and matches_labels(str(row.get("tags", "")).split(";"), str(selector))
    return bool(named & guests) or selected or (not guests and selector is None)


def _list(value: Value | None) -> list[str]:
    return value if isinstance(value, list) else []


def _view(policy: str, turn: Turn) -> TurnView:
    return TurnView(
        policy=policy,
        namespace=namespace_of(turn.guest),
        guest=turn.word,
        vmid=int(turn.guest["vmid"]),
        taken=turn.take,
        deleted=list(turn.drop),
        error=str(turn.error or ""),
    )
