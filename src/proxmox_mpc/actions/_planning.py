"""What plan, diff, apply and rollback share: from texts and choices to a plan of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from pydantic import Field

from proxmox_mpc.actions._action import INTERNAL, Request
from proxmox_mpc.actions._beyond import require_kept_in, require_sources, usable_secrets
from proxmox_mpc.actions._secrets import find_secret
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import require_plan, require_wanted
from proxmox_mpc.applications import clusters, drift
from proxmox_mpc.applications.ownership import owned_by_key
from proxmox_mpc.engine import manifests, planner, references
from proxmox_mpc.engine.plan import Plan
from proxmox_mpc.engine.policies import word
from proxmox_mpc.engine.securing import Securing
from proxmox_mpc.errors import UsageError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import DEFAULT_NAMESPACE, Resource
from proxmox_mpc.kinds._view import View

LARGEST_TEXT = 8 << 20
"""Letters: the manifests of some thousand guests; reading more would hold up all others for seconds."""


class ManifestText(Request):
    """One file of manifests, by the name that its errors shall show."""

    name: str
    content: str = Field(max_length=LARGEST_TEXT)


class DesiredState(Request):
    """What should exist, and what may happen to get there."""

    texts: list[ManifestText] = Field(description="Manifests.")
    application: str = Field("default", description="The application that owns these resources.")
    namespace: str = Field(DEFAULT_NAMESPACE, description="Namespace for manifests that name none.")
    allow: str = Field("", description="Highest impact that may happen: restart, migrate, replace, data-loss …")
    prune: bool = Field(False, description="Delete what the application owns and no manifest names.")
    adopt: bool = Field(False, description="Take over objects that exist and that nobody owns.")
    max_deletions: int | None = Field(
        None, ge=0, description="How many objects may be deleted for no manifest names them; else a share of them."
    )
    snapshot: Securing = Field(
        "", description="Take snapshots of guests before they are changed: of all, or where that is possible."
    )
    first: Annotated[list[ManifestText], INTERNAL] = Field(
        [], description="Manifests of what is made before, apart from this, and may be referred to."
    )
    undo: Annotated[list[str], INTERNAL] = Field(
        [], description="Objects that a failed apply has just made, which may go again."
    )


@dataclass(frozen=True)
class Prepared:
    """A plan with what it was made from, and when it began to look."""

    plan: Plan
    planned_at: datetime
    view: View
    resources: Sequence[Resource]
    documents: list[dict[str, Any]]
    wish: dict[str, Any]


def impact_of(text: str) -> Impact:
    """The impact that `--allow` names; nothing named allows what leaves guests running. Raises UsageError."""
    if not text:
        return Impact.PENDING
    for impact in Impact:
        if text.lower() == word(impact):
            return impact
    known = ", ".join(word(impact) for impact in Impact if impact >= Impact.RESTART)
    hint = f"one word, which includes those before it: {known}"
    raise UsageError(f"--allow {text!r} is no impact", hint=hint)


async def load(
    session: Session, texts: Sequence[ManifestText], namespace: str, *, with_secrets: bool = True
) -> tuple[list[Resource], list[dict[str, Any]]]:
    """Checked resources, a set's replicas among them, and the documents as they were written.

    The secrets that they name are the store's.
    """
    found = manifests.documents([manifests.Text(text.name, text.content) for text in texts])
    names = references.names(document.value for document in found) if with_secrets else set()
    secrets = await _secrets(session, names)
    resources = manifests.resources(
        found, find_kind, namespace=namespace, fingerprint=session.fingerprint, secrets=secrets
    )
    documents = []
    for document, resource in zip(found, written(resources), strict=True):
        value = dict(document.value)
        if resource.key.namespace:
            value["metadata"] = {**value["metadata"], "namespace": resource.key.namespace}
        documents.append(value)
    return resources, documents


def named(document: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a document is about: kind, namespace and name."""
    metadata = document["metadata"]
    return str(document["kind"]), str(metadata.get("namespace", "")), str(metadata["name"])


def written(resources: Sequence[Resource]) -> list[Resource]:
    """Those that have a document of their own; a set's replicas have none."""
    return [resource for resource in resources if resource.member is None]


async def _secrets(session: Session, names: set[str]) -> dict[str, str]:
    """Those of these secrets that the store has; without any, it is not even opened."""
    if not names:
        return {}
    store, context = await session.store(), await session.context()
    keys = {name: key for name in sorted(names) if (key := find_secret(name)) is not None}
    usable = await usable_secrets(session)
    found = {name: await store.kept_secrets.get(context.name, *key) for name, key in keys.items() if usable(key[1])}
    return {name: secret for name, secret in found.items() if secret is not None}


FRESH = timedelta(seconds=3)
"""A plan that was shown and agreed to at once is carried out as it is: one that is made anew would look no later."""


def taken_over(session: Session, desired: DesiredState) -> Prepared | None:
    """The plan that was shown a moment ago for the very same wish; it can be had once."""
    prepared, session.prepared = session.prepared, None
    if prepared is None or prepared.wish != _wish(desired) or session.now() - prepared.planned_at >= FRESH:
        return None
    return cast(Prepared, prepared)


def _wish(desired: DesiredState) -> dict[str, Any]:
    return {name: getattr(desired, name) for name in DesiredState.model_fields}


async def prepare(session: Session, desired: DesiredState) -> Prepared:
    """Read the cluster and make the plan; nothing is written."""
    planned_at = session.now()
    resources, documents = await load(session, desired.texts, desired.namespace)
    await require_wanted(session, resources)
    if not resources and not desired.prune:
        names = ", ".join(text.name for text in desired.texts)
        raise UsageError(f"there is no manifest in {names}", hint="kind, metadata and spec: proxmox-cli explain vm")
    context = await session.context()
    store = await session.store()
    view = await session.view()
    await clusters.confirm(store, context.name, await clusters.look(view))
    await require_sources(session, view, resources)
    wish = planner.Wish(
        context=context.name,
        application=desired.application,
        resources=resources,
        owned=await owned_by_key(store, context.name),
        allow=impact_of(desired.allow),
        prune=desired.prune,
        adopt=desired.adopt,
        most_deletions=desired.max_deletions,
        secure=desired.snapshot,
        first=(await load(session, desired.first, desired.namespace))[0] if desired.first else (),
        undo=desired.undo,
    )
    plan = await planner.plan(view, find_kind, wish)
    await require_plan(session, plan, resources)
    await require_kept_in(session, plan, resources)
    plan = replace(plan, notes=(*plan.notes, *await drift.notes(store, plan)))
    return Prepared(plan, planned_at, view, resources, documents, _wish(desired))
