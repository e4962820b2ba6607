"""A release's hooks: jobs that run actions, and other manifests that are there for a while."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from proxmox_mpc.actions._action import Action, Request, Result
from proxmox_mpc.actions._authors import with_author
from proxmox_mpc.actions._ordering import given_from_outside
from proxmox_mpc.actions._planning import ManifestText
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._texts import invalid, told
from proxmox_mpc.actions.apply import ApplyRequest, apply
from proxmox_mpc.actions.delete import DeleteRequest, delete
from proxmox_mpc.actions.plan import plan
from proxmox_mpc.charts.manifests import Hook, is_about_hooks
from proxmox_mpc.engine import manifests
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import InvalidInput, MpcError, NotFoundError, RefusedError
from proxmox_mpc.kinds._kind import Key

JOB = "Job"
"""The kind of hooks that run actions; it is no object of a cluster, and stands in charts only."""


class HookFailed(MpcError):
    """A hook of the release failed."""

    code = "release.hook-failed"


ALLOWED = ("resources:", "guests:", "tasks:", "system:read")
"""Permissions of the actions that jobs may run: they work on the cluster, not on contexts and secrets."""


NEVER = frozenset(
    "adopt apply apply_resume delete drain guest_template install reset restore rollback snapshot_rollback uninstall "
    "upgrade".split()
)
"""Actions of those that jobs may not run: no plan shows what a job does, and these may cost data or whole releases."""


def owner_of_hooks(release: str) -> str:
    """The application that owns what a release's hooks make. No release can be called so, for two dots follow."""
    return f"{release}..hooks"


class StepSpec(BaseModel):
    """One action: its name, its request, and what must be found in its result (dotted path → value)."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)

    action: str
    with_: dict[str, Any] = Field({}, alias="with")
    expect: dict[str, Any] = {}


class JobSpec(BaseModel):
    """Actions, one after another; the whole is tried again `retries` times, and must end in time."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)

    steps: list[StepSpec] = Field(min_length=1)
    retries: int = Field(0, ge=0, le=100)
    pause_seconds: float = Field(2, ge=0, le=3600)
    timeout_seconds: float = Field(300, gt=0, le=86400)


class HookView(Result):
    """How a hook ended."""

    name: str
    kind: str
    event: str
    status: str
    seconds: float = 0.0
    error: str = ""
    log: list[str] = []


def job_of(hook: Hook) -> JobSpec:
    """A job's spec. Raises InvalidInput with the place of what is wrong."""
    document = manifests.documents([manifests.Text(hook.file, hook.text)])[0]
    spec = document.value.get("spec")
    try:
        return JobSpec.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        path = ("spec", *(part for part in first["loc"] if not isinstance(part, str) or part in str(spec)))
        what = f"spec.{told(invalid([first])[0])}"
        raise InvalidInput(f"Job {hook.name!r}: {what}", place=document.place(*path)) from None


def check(session: Session, hook: Hook) -> None:
    """Whether a hook can be carried out at all. Raises InvalidInput with the place of what is wrong."""
    if hook.kind != JOB:
        return
    for number, step in enumerate(job_of(hook).steps):
        try:
            _request(session, step)
        except MpcError as error:
            document = manifests.documents([manifests.Text(hook.file, hook.text)])[0]
            place = document.place("spec", "steps", number)
            raise InvalidInput(f"Job {hook.name!r}: {error.message}", hint=error.hint, place=place) from None


async def run_hooks(
    session: Session,
    release: str,
    namespace: str,
    hooks: Sequence[Hook],
    event: str,
    told: list[HookView],
    author: Mapping[str, Sequence[str]],
) -> None:
    """Carry out the hooks of an event in their order. Raises HookFailed after the first that fails.

    They may what their author may and what the actor may: a chart does nothing by the hands of who takes it away that
    its author could not do.
    """
    wanted = [each for each in hooks if event in each.events]
    session = await with_author(session, author) if wanted else session
    for hook in wanted:
        key = Key(hook.kind, "", hook.name)
        session.report(Progress(key, "started", verb=f"{event} hook"))
        began = time.monotonic()
        view = HookView(name=hook.name, kind=hook.kind, event=event, status="succeeded")
        log: list[str] = []
        try:
            if hook.kind == JOB:
                await _run_job(session, hook, log)
            else:
                await _make(session, owner_of_hooks(release), namespace, hook)
        except MpcError as error:
            seconds = time.monotonic() - began
            told.append(
                view.model_copy(update={"status": "failed", "seconds": seconds, "error": str(error), "log": log})
            )
            session.report(Progress(key, "failed", text=str(error), seconds=seconds, verb=f"{event} hook"))
            if "hook-failed" in hook.policies:
                await _remove(session, owner_of_hooks(release), namespace, hook)
            hint = "; ".join(part for part in (error.hint, _next(release, event)) if part)
            raise HookFailed(f"{event} hook {hook.name!r} of {release!r} failed: {error}", hint=hint) from error
        seconds = time.monotonic() - began
        told.append(view.model_copy(update={"seconds": seconds, "log": log}))
        session.report(Progress(key, "done", seconds=seconds, verb=f"{event} hook"))
        if "hook-succeeded" in hook.policies:
            await _remove(session, owner_of_hooks(release), namespace, hook)


def _next(release: str, event: str) -> str:
    """What to type once the cause is mended."""
    if event == "test":
        return f"proxmox-cli test {release} --logs tells more"
    again = f"uninstall {release}" if event.endswith("-delete") else f"apply --resume --app {release}"
    return f"mend the cause, then continue: proxmox-cli {again}"


async def remove_hooks(session: Session, release: str) -> None:
    """Remove what hooks of any revision left, when a release goes."""
    context, store, name = await session.context(), await session.store(), owner_of_hooks(release)
    if await store.applications.history(context.name, name):
        wanted = DeleteRequest(application=name)
        shown = await delete(session, wanted)
        await delete(session, wanted.model_copy(update={"agreed": shown.plan.hash}))
        await store.applications.delete(context.name, name)


async def _run_job(session: Session, hook: Hook, log: list[str]) -> None:
    job = job_of(hook)
    try:
        async with asyncio.timeout(job.timeout_seconds):
            for attempt in range(job.retries + 1):
                try:
                    for number, step in enumerate(job.steps, 1):
                        await _run_step(session, step)
                        log.append(f"step {number}: {step.action} done")
                    return
                except MpcError as error:
                    log.append(str(error))
                    if attempt == job.retries:
                        raise
                    await asyncio.sleep(job.pause_seconds)
    except TimeoutError:
        raise HookFailed(f"it did not end within {job.timeout_seconds:g} s") from None


def _request(session: Session, step: StepSpec) -> tuple[Action[Any, Any], Request]:
    action = session.find_action(step.action)
    if not action.permission.startswith(ALLOWED) or action.name in NEVER:
        raise RefusedError(
            f"{step.action} is nothing for a chart", hint="jobs run actions on the cluster and its guests"
        )
    try:
        return action, given_from_outside(action, action.request.model_validate(step.with_))
    except ValidationError as error:
        raise InvalidInput(f"{step.action}: {told(invalid(error.errors())[0])}") from None


async def _run_step(session: Session, step: StepSpec) -> None:
    action, request = _request(session, step)
    result = (await action(session, request)).model_dump(mode="json", by_alias=True)
    asked = result["hash"] if result.get("asks") else (result.get("plan") or {}).get("hash")
    if asked and not request.model_dump().get("agreed", True):
        # A chart that names the action has agreed to what it does; what gates refuse is refused all the same.
        agreed = request.model_copy(update={"agreed": asked})
        result = (await action(session, agreed)).model_dump(mode="json", by_alias=True)
    if failed := [item for item in result.get("items", []) if isinstance(item, Mapping) and item.get("error")]:
        raise HookFailed(f"{step.action}: {failed[0].get('name', '')}: {failed[0]['error']}")
    for path, wanted in step.expect.items():
        found = _at(result, path)
        if found != wanted:
            other = "the text that is expected" if isinstance(wanted, str) else _shown(wanted)
            raise HookFailed(f"{step.action}: {path} is {_shown(found)}, not {other}")


def _shown(value: Any) -> str:
    """A value as it may be told: what is kept of a hook is not encrypted, and a text may be a password."""
    if isinstance(value, str):
        return "a text"
    return f"a {type(value).__name__}" if isinstance(value, dict | list) else str(value)


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, Mapping) and name in value:
            value = value[name]
        else:
            raise NotFoundError(f"the result has no {path}")
    return value


async def _make(session: Session, application: str, namespace: str, hook: Hook) -> None:
    if "before-hook-creation" in hook.policies:
        await _remove(session, application, namespace, hook)
    wanted = ApplyRequest(
        texts=[_manifest(hook)],
        application=application,
        namespace=namespace,
        verb="hook",
        source=hook.file,
    )
    await apply(session, wanted.model_copy(update={"agreed": (await plan(session, wanted)).hash}))


def _manifest(hook: Hook) -> ManifestText:
    """A hook's document as any other: what says that it is a hook is no policy of the object."""
    value = dict(manifests.documents([manifests.Text(hook.file, hook.text)])[0].value)
    metadata = dict(value.get("metadata") or {})
    notes = {name: text for name, text in (metadata.get("annotations") or {}).items() if not is_about_hooks(name)}
    value["metadata"] = {**metadata, "annotations": notes}
    return ManifestText(name=hook.file, content=json.dumps(value))


async def _remove(session: Session, application: str, namespace: str, hook: Hook) -> None:
    if hook.kind == JOB:
        return
    wanted = DeleteRequest(texts=[_manifest(hook)], application=application, namespace=namespace)
    shown = await delete(session, wanted)
    if not shown.plan.empty:
        await delete(session, wanted.model_copy(update={"agreed": shown.plan.hash}))
