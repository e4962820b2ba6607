"""Whose hooks they are: what a chart does later is bounded by what whoever brought it may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from proxmox_mpc.actions._access import Grant, Who
from proxmox_mpc.actions._ordering import TOKEN, limits_of
from proxmox_mpc.actions._session import Session

_USER = "user"


def author_of(who: Who) -> dict[str, list[str]]:
    """What is kept of who brings a chart: the user, and the limits of the token; of an embedded store nothing."""
    return {_USER: [who.user_id], **limits_of(who)} if who.user_id else {}


async def with_author(session: Session, author: Mapping[str, Sequence[str]]) -> Session:
    """The session, with what both the actor and the author may now. Raises NotLoggedIn for an author who is gone."""
    from proxmox_mpc.actions._authentication import user_acting

    if not author:
        return session
    given = {name: tuple(values) for name, values in author.items() if name not in (_USER, TOKEN)}
    acting = await user_acting(await session.store(), author[_USER][0], Grant(**given) if given else None)
    return replace(session, who=replace(session.who, access=session.who.access.within(acting.access)))
