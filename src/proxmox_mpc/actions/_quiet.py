"""Plans that come to nothing, again and again: most plans of what is kept so. They are told by what they would read.

A plan is a function of the manifests and choices, of what the store knows, and of what the cluster answers. Where all
three are as they were when it came to nothing, it comes to nothing: so much is looked at, and nothing else is computed.
Any doubt (another answer, a read that fails, another version of this program) means that the plan is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import proxmox_mpc
from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import MpcError

if TYPE_CHECKING:
    from proxmox_mpc.actions._planning import DesiredState
    from proxmox_mpc.actions._views import PlanView
    from proxmox_mpc.pve.witness import Witness


async def recall(session: Session, request: DesiredState) -> PlanView | None:
    """The empty plan of this wish, where nothing has moved since."""
    context = await session.context()
    known = await (await session.store()).quiet.get(context.name, request.application)
    if known is None or known.wish != await _wish(session, request):
        return None
    reads = [(path, tuple((name, value) for name, value in pairs), node) for path, pairs, node in known.reads]
    try:
        answers = await (await session.cluster()).read_again(reads)
    except MpcError:
        return None  # a guest is gone or moved, a node is silent: the plan itself finds out, and says so
    if answers != known.answers:
        return None
    from proxmox_mpc.actions._views import PlanView

    return PlanView.model_validate(known.shown)


async def remember(session: Session, request: DesiredState, shown: PlanView, witness: Witness) -> None:
    """Remember an empty plan with all that it went by."""
    if not (shown.empty and witness.is_whole):
        return
    from proxmox_mpc.store.records import QuietPlan

    context = await session.context()
    reads = [[each.path, [list(pair) for pair in each.pairs], each.node] for each in witness.requests.values()]
    page = shown.model_dump(mode="json", by_alias=True)
    wish = await _wish(session, request)
    plan = QuietPlan(context.name, request.application, wish, reads, witness.fingerprint, page)
    await (await session.store()).quiet.put(plan)


async def _wish(session: Session, request: DesiredState) -> str:
    """A fingerprint of all that a plan goes by, but the cluster; secrets in it cannot be told from it."""
    context, store = await session.context(), await session.store()
    login = [context.endpoints, context.user, context.token_id]
    stamp = await store.quiet.stamp(context.name)
    text = json.dumps([_program(), login, stamp, request.model_dump(mode="json")], default=str, sort_keys=True)
    return session.fingerprint(hashlib.sha256(text.encode()).hexdigest())


@cache
def _program() -> str:
    """Which program this is: its version, and for those who work on it, when its files were last changed."""
    root = Path(proxmox_mpc.__file__).parent
    files = (file for folder, _, _ in os.walk(root) for file in os.scandir(folder) if file.name.endswith(".py"))
    return f"{proxmox_mpc.__version__} {max((file.stat().st_mtime_ns for file in files), default=0)}"
