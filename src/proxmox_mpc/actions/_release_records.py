"""What is remembered of releases, and what that forbids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._session import Session
from proxmox_mpc.errors import InvalidInput, RefusedError

if TYPE_CHECKING:
    from proxmox_mpc.store.records import Release, Revision

GOOD = ("deployed", "superseded")
"""States of revisions that were reached whole."""


class IsRelease(RefusedError):
    """The application is a release: a chart says what belongs to it."""

    code = "release.made-by-chart"


async def made_by_chart(session: Session, application: str, revisions: Sequence[Revision]) -> Release | None:
    """The release of the newest of these revisions that a chart made; deletions in between have none."""
    context, store = await session.context(), await session.store()
    numbers = {revision.number for revision in revisions}
    known = [each.number for each in await store.releases.list(context.name, application) if each.number in numbers]
    return await store.releases.get(context.name, application, known[-1]) if known else None


async def before_upgrade(session: Session, application: str, history: Sequence[Revision]) -> Release | None:
    """The release from whose values an upgrade goes on: the last reached (Helm 4.2.3: upgrade.go), else the last."""
    good = [revision for revision in history if revision.status in GOOD]
    return await made_by_chart(session, application, good) or await made_by_chart(session, application, history)


def release_content(release: Release | None) -> dict[str, Any]:
    """What a stored release remembers. Raises InvalidInput for a revision that no chart made."""
    if release is None:
        raise InvalidInput("no chart made this revision", hint="proxmox-cli history shows which ones have a chart")
    return dict(release.content)


async def refuse_release(session: Session, application: str) -> None:
    """Manifests are not applied onto a release: the next upgrade would prune what they add. Raises IsRelease."""
    context, store = await session.context(), await session.store()
    if not await store.releases.list(context.name, application):
        return
    history = await store.applications.history(context.name, application)
    if history[-1].status != "uninstalled":
        hint = (
            f"proxmox-cli upgrade {application} CHART changes it; --app NAME makes another application of the manifests"
        )
        raise IsRelease(f"application {application!r} is a release, which its chart declares", hint=hint)
