"""What the verbs on drift share: which applications and resources are meant, and how each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._visibility import visible_applications
from proxmox_mpc.applications import clusters, drift, snapshots
from proxmox_mpc.applications.drift import Drifted
from proxmox_mpc.applications.ownership import of_application, owned_by_key
from proxmox_mpc.engine.drift import members
from proxmox_mpc.errors import NotFoundError
from proxmox_mpc.kinds import find_kind
from proxmox_mpc.kinds._kind import Key, Owned

if TYPE_CHECKING:
    from proxmox_mpc.store import Application, Baseline


class AcceptedView(Result):
    """A drift that somebody accepted: who, when, why, and until when; for good where there is no end."""

    application: str
    kind: str
    namespace: str
    name: str
    path: str
    actor: str
    at: datetime
    reason: str = ""
    until: datetime | None = None


def accepted_view(baseline: Baseline) -> AcceptedView:
    names = ("application", "kind", "namespace", "name", "path", "actor", "at", "reason")
    return AcceptedView(**{name: getattr(baseline, name) for name in names}, until=baseline.expires_at)


@dataclass(frozen=True)
class Looked:
    """An application, and those of its resources that were looked at."""

    application: Application
    source: str
    drifted: Sequence[Drifted]


async def look(session: Session, application: str, only: Iterable[Key] | None = None) -> list[Looked]:
    """How the resources of an application are, or of all, or only these; what is seen is remembered."""
    context, store = await session.context(), await session.store()
    applications = await meant(session, application)
    owned = await owned_by_key(store, context.name)
    wanted = owned if only is None else {key: owned[key] for key in only if key in owned}
    view = await session.view()
    await clusters.confirm(store, context.name, await clusters.look(view))
    looked = []
    for app in applications:
        found = await members(view, find_kind, of_application(wanted, app.name), app.name)
        if found or only is None:
            await drift.remember(store, context.name, found, session.actor)
            seen = await drift.examined(store, context.name, view, find_kind, app, found, session.now())
            history = await store.applications.history(context.name, app.name)
            looked.append(Looked(app, history[-1].source, seen))
    await snapshots.record(store, context.name, await view.resources())
    return looked


async def meant(session: Session, application: str) -> list[Application]:
    """The application of this name, or all. Raises NotFoundError."""
    in_sight = await visible_applications(session)
    all_of_them = await (await session.store()).applications.list((await session.context()).name)
    applications = [app for app in all_of_them if in_sight(app.name)]
    found = [app for app in applications if app.name == application or not application]
    if application and not found:
        known = ", ".join(app.name for app in applications)
        hint = f"applications: {known}" if known else "nothing was applied yet: proxmox-cli apply -f FILE"
        raise NotFoundError(f"there is no application {application!r}", hint=hint)
    return found


def named(owned: Mapping[Key, Owned], words: Sequence[str]) -> list[Key]:
    """The resources that these words mean: NAME, VMID, NAMESPACE/NAME, with or without KIND/ before it."""
    found: list[Key] = []
    for word in words:
        hits = [key for key, item in owned.items() if word.lower() in _words(key, item)]
        if not hits:
            known = ", ".join(key.label for key in sorted(owned)[:8]) + (" …" if len(owned) > 8 else "")
            raise NotFoundError(f"the application owns no {word!r}", hint=f"it owns: {known or 'nothing'}")
        found += [key for key in hits if key not in found]
    return found


def _words(key: Key, owned: Owned) -> set[str]:
    names = {key.name.lower(), key.label.lower(), str(owned.identity.get("vmid", key.name))}
    return names | {f"{kind}/{name}" for kind in find_kind(key.kind).names for name in names}
