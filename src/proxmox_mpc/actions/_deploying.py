"""What install and upgrade share: the plan of a rendered chart, carried out with its hooks, and the wait for it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from pydantic import Field

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._planning import ManifestText, load, named
from proxmox_mpc.actions._releases import Rendered, Rendering, release_text
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import OutcomeView, PlanView
from proxmox_mpc.actions.apply import ApplyRequest, apply
from proxmox_mpc.actions.get_declared import GetDeclaredRequest, get_declared
from proxmox_mpc.actions.plan import plan
from proxmox_mpc.actions.status import StatusRequest, status
from proxmox_mpc.engine.securing import Securing
from proxmox_mpc.errors import MpcError, UsageError

POLL_S = 2.0
"""How often `--wait` looks at what the release owns: guests take seconds to start."""


class Deploying(Rendering):
    """A chart as a release, and what may happen to get there."""

    namespace: str = Field("", description="Namespace for manifests that name none; else the release's, or `default`.")
    allow: str = Field("", description="Highest impact that may happen: restart, migrate, replace, data-loss …")
    adopt: bool = Field(False, description="Take over objects that exist and that nobody owns.")
    max_deletions: int | None = Field(None, ge=0, description="How many objects may be deleted; else a share of them.")
    snapshot: Securing = Field("", description="Take snapshots of guests before they are changed.")
    hooks: bool = Field(True, description="Whether the chart's hooks are carried out.")
    atomic: bool = Field(False, description="After a failure, go back to what was before.")
    wait: bool = Field(False, description="Wait until all that the release owns is as declared.")
    timeout_s: float = Field(300, gt=0, description="Seconds that --wait waits.")
    description: str = Field("", description="A line for the history.")
    source: str = Field("", description="Where the chart comes from, for the history.")
    agreed: str = Field("", description="Hash of the plan that was confirmed; without it only the plan is answered.")


class ReleaseResult(Result):
    """A release: the plan that makes it, what it was rendered to, and once agreed to, how that ended."""

    name: str
    event: str
    plan: PlanView
    manifest: str = ""
    hooks: str = ""
    notes: str = ""
    remarks: list[str] = []
    revision: int | None = None
    outcomes: list[OutcomeView] = []


@dataclass(frozen=True)
class Deployment:
    """What is to be done: the release as an apply, and how it is told."""

    wanted: ApplyRequest
    made: Rendered
    event: str


def deployment(request: Deploying, made: Rendered, event: str) -> Deployment:
    if request.atomic and request.adopt:
        # Going back removes what was made; what was adopted was there before, and must not go with it.
        raise UsageError(
            "--atomic and --adopt exclude each other", hint="adopt first: proxmox-cli adopt KIND NAME --app …"
        )
    wanted = ApplyRequest(
        texts=made.texts,
        application=request.name,
        namespace=request.namespace,
        allow=request.allow,
        prune=True,
        adopt=request.adopt,
        max_deletions=request.max_deletions,
        snapshot=request.snapshot,
        agreed=request.agreed,
        verb=event,
        note=request.description,
        source=request.source or made.chart.name,
        first=_kinds(made),
        release=release_text(made, request.chart, event, hooks=request.hooks),
    )
    return Deployment(wanted, made, event)


async def proposed(session: Session, one: Deployment) -> ReleaseResult:
    """The plan alone. Mistakes in the rendered manifests name the template's file, line and column."""
    from proxmox_mpc.actions._hooks import check

    try:
        for hook in one.made.manifests.hooks:
            check(session, hook)  # a mistake in a hook is told before anything is done
        shown = await plan(session, one.wanted)
    except MpcError as error:
        raise one.made.placed(error) from None
    found = one.made.manifests
    first = [f"made before, and kept when the release goes: {key}" for key in await _missing_kinds(session, one)]
    return ReleaseResult(
        name=one.wanted.application,
        event=one.event,
        plan=shown,
        manifest=found.manifest,
        hooks=hooks_text(one.made),
        notes=found.notes,
        remarks=[*one.made.chart.remarks, *found.remarks, *first],
    )


def hooks_text(made: Rendered, *, tests: bool = True) -> str:
    """The hooks as `helm get hooks` shows them; those that are nothing but tests, where `tests` are wanted."""
    return "".join(
        f"---\n# Source: {hook.file}\n{hook.text.strip()}\n"
        for hook in made.manifests.hooks
        if tests or hook.events != ("test",)
    )


async def deployed(session: Session, request: Deploying, one: Deployment) -> ReleaseResult:
    """Carry it out: what is of the chart's `kinds/` first, then hooks and plan as one revision."""
    shown = await proposed(session, one)
    if shown.plan.hash.startswith(one.wanted.agreed) and not any(step.blocked for step in shown.plan.steps):
        await _kinds_first(session, one)
    result = await apply(session, one.wanted)
    if request.wait:
        await awaited(session, request)
    return shown.model_copy(update={"plan": result.plan, "revision": result.revision, "outcomes": result.outcomes})


async def awaited(session: Session, request: Deploying) -> None:
    """Wait until all that the release owns is as declared; where it never is, the revision failed."""
    try:
        await _settled(session, request)
    except MpcError as error:
        context, store = await session.context(), await session.store()
        last = (await store.applications.history(context.name, request.name))[-1]
        result = {**last.result, "error": str(error)}
        await store.applications.finish_revision(context.name, request.name, last.number, "failed", result)
        raise


async def _settled(session: Session, request: Deploying) -> None:
    try:
        async with asyncio.timeout(request.timeout_s):
            while True:
                found = (await status(session, StatusRequest(application=request.name))).items[0]
                if found.health == "synced":
                    return
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        hint = f"proxmox-cli status {request.name}"
        raise MpcError(
            f"release {request.name!r} is not as declared after {request.timeout_s:g} s", hint=hint
        ) from None


def _kinds(made: Rendered) -> list[ManifestText]:
    """The files of the chart's `kinds/`, and of those in it."""
    charts = (chart for _path, chart in made.chart.walk() if chart.integers)
    return [ManifestText(name=file.name, content=file.text) for chart in charts for file in chart.kinds]


async def _missing_kinds(session: Session, one: Deployment) -> list[str]:
    """What `kinds/` name and nobody made yet."""
    if not one.wanted.first:
        return []
    request = GetDeclaredRequest(texts=one.wanted.first, namespace=one.wanted.namespace)
    return (await get_declared(session, request)).missing


async def _kinds_first(session: Session, one: Deployment) -> None:
    """Make what the chart's `kinds/` name and nobody made yet; it stays when the release goes, as Helm's CRDs do."""
    missing = set(await _missing_kinds(session, one))
    if not missing:
        return
    resources, documents = await load(session, one.wanted.first, one.wanted.namespace)
    keys = {(key.kind, key.namespace, key.name) for key in (each.key for each in resources) if str(key) in missing}
    wanted = [document for document in documents if named(document) in keys]
    request = ApplyRequest(
        texts=[ManifestText(name=f"kinds of {one.made.chart.name}", content=json.dumps(each)) for each in wanted],
        application=f"{one.made.chart.name}..kinds",  # no release can be called so
        namespace=one.wanted.namespace,
        verb="kinds",
    )
    await apply(session, request.model_copy(update={"agreed": (await plan(session, request)).hash}))
