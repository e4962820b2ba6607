"""A plan applied as a revision of its application: recorded before it starts, and however it ends."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from proxmox_mpc.applications import clusters
from proxmox_mpc.applications.journal import StoreJournal
from proxmox_mpc.engine.execute import PATIENCE_S, ApplyFailed, ApplyStopped, Execution, Outcome
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.engine.securing import Safety
from proxmox_mpc.engine.stop import Stop
from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._kind import Kind
from proxmox_mpc.kinds._view import View
from proxmox_mpc.telemetry import Logger

if TYPE_CHECKING:
    from proxmox_mpc.store import Store
    from proxmox_mpc.store.records import Release, RevisionStatus, RunStatus


_log = Logger("applications")


async def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Around:
    """What belongs to the same run as a plan and revision: a release, and its hooks before and after the plan.

    With it there is always a revision, also where the plan is empty. `told` is what the hooks have to tell by then.
    """

    release: Release | None = None
    before: Callable[[], Awaitable[None]] = _nothing
    after: Callable[[], Awaitable[None]] = _nothing
    told: Callable[[], list[dict[str, Any]]] = list


@dataclass(frozen=True)
class Applier:
    """Who applies, where it is recorded, and where progress goes; `job` is what it is part of, if anything."""

    store: Store
    actor: str
    kind_of: Callable[[str], Kind]
    now: Callable[[], datetime]
    new_uid: Callable[[], str]
    report: Callable[[Progress], None]
    job: str = ""

    async def apply(
        self,
        plan: Plan,
        view: View,
        *,
        verb: str,
        manifests: Sequence[dict[str, Any]],
        shown: dict[str, Any],
        planned_at: datetime,
        source: str = "",
        note: str = "",
        sealed_request: str = "",
        stop: Stop | None = None,
        patience_s: float = PATIENCE_S,
        continues: bool = False,
        around: Around | None = None,
    ) -> tuple[int | None, list[Outcome]]:
        """Carry out the plan; answers the new revision's number (None where nothing was to do) and the outcomes.

        `planned_at` is when the plan began to read the cluster; `sealed_request` what it can be continued from; `stop`
        is heard between requests, locks are waited out for `patience_s`; one that `continues` goes on where a run left
        off; `around` is a release and its hooks. Raises Blocked, and ApplyBusy where another process is or was at work
        since, with nothing changed and nothing recorded; ApplyFailed with the revision marked failed.
        """
        plan.refuse_blocked()
        run = await self.store.runs.begin(
            plan.context,
            plan.application,
            verb,
            self.actor,
            os.getpid(),
            socket.gethostname(),
            plan.hash,
            planned_at=planned_at,
            sealed_request=sealed_request,
            job=self.job,
        )
        number: int | None = None
        outcomes: Sequence[Outcome] = ()
        alive = asyncio.create_task(self.signs_of_life(run.id))
        try:
            await clusters.remember(self.store, plan.context, await clusters.look(view), self.now())
            if around is not None or not plan.is_empty or await self._left_failed(plan):
                revision = await self.store.applications.begin_revision(
                    plan.context,
                    plan.application,
                    actor=self.actor,
                    source=source,
                    manifests=list(manifests),
                    plan=shown,
                    note=note or verb,
                    run=run.id,
                    release=around.release if around is not None else None,
                )
                number = revision.number
            around = around or Around()
            await around.before()
            journal = StoreJournal(self.store, plan.context, run.id, self.now)
            execution = Execution(
                view,
                self.kind_of,
                plan,
                journal,
                self.new_uid,
                self.report,
                stop=stop or Stop(),
                patience_s=patience_s,
                safety=Safety(run.id[:8], again=continues),
            )
            outcomes = await execution.run()
            await around.after()
        except ApplyFailed as error:
            status: RunStatus = "interrupted" if isinstance(error, ApplyStopped) else "failed"
            await self._finish(plan, run.id, number, status, error.outcomes, verb, around)
            raise
        except MpcError as error:
            await self._finish(plan, run.id, number, "failed", outcomes, verb, around, str(error))
            raise
        except BaseException:
            # Whatever it is: the run is over, and nothing of it goes on.
            await asyncio.shield(self._finish(plan, run.id, number, "interrupted", outcomes, verb))
            raise
        finally:
            alive.cancel()
        await self._finish(plan, run.id, number, "succeeded", outcomes, verb, around)
        return number, list(outcomes)

    async def _left_failed(self, plan: Plan) -> bool:
        """Whether the last revision failed: then one that finds everything done says that it is."""
        history = await self.store.applications.history(plan.context, plan.application)
        return bool(history) and history[-1].status == "failed"

    async def signs_of_life(self, run_id: str) -> None:
        """Note now and then that this process is at work, for those of other machines."""
        from proxmox_mpc.store import SIGN_OF_LIFE_S

        while True:
            await asyncio.sleep(SIGN_OF_LIFE_S)
            try:
                await self.store.runs.lives(run_id)
            except Exception as error:
                # A busy database: the next sign follows soon, and several may be missed.
                _log.warning("no sign of life could be noted", run=run_id, why=str(error))

    async def _finish(
        self,
        plan: Plan,
        run_id: str,
        number: int | None,
        status: RunStatus,
        outcomes: Sequence[Outcome],
        verb: str,
        around: Around | None = None,
        error: str = "",
    ) -> None:
        hooks = around.told() if around is not None else []
        result = {
            "status": status,
            **({"hooks": hooks} if hooks else {}),
            **({"error": error} if error else {}),
            "outcomes": [
                {"resource": str(o.key), "action": o.action.value, "status": o.status, "error": str(o.error or "")}
                for o in outcomes
            ],
        }
        from proxmox_mpc.store import NewMessage

        await self.store.runs.finish(run_id, status, result)
        if number is not None:
            done = status == "succeeded"
            state: RevisionStatus = "deployed" if done else "failed"
            if done and verb == "delete" and not await self.store.resources.list(plan.context, plan.application):
                state = "uninstalled"
            await self.store.applications.finish_revision(plan.context, plan.application, number, state, result)
        told = {"application": plan.application, "verb": verb, "status": status, "revision": number, "run": run_id}
        rooms = ("applications", f"applications/{plan.application}", f"runs/{run_id}")
        await self.store.messages.append(
            [NewMessage(room, "application.applied", {**told, "actor": self.actor}, plan.context) for room in rooms]
        )
        await self.store.events.add_all(
            plan.context,
            [self._event(outcome, word, text) for outcome in outcomes for word, text in _told(outcome)],
        )

    def _event(self, outcome: Outcome, word: str, text: str) -> dict[str, str]:
        return {
            "type": "Normal" if word == "done" else "Warning",
            "reason": f"{outcome.action.value}-{word}",
            "kind": outcome.key.kind,
            "namespace": outcome.key.namespace,
            "name": outcome.key.name,
            "message": text,
            "actor": self.actor,
        }


def _told(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What is told of an outcome: how it ended, and what was remarkable."""
    yield outcome.status, str(outcome.error or outcome.action.value)
    for remark in outcome.remarks:
        yield "remark", remark
