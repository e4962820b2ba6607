"""Idempotency-Key: a request that is sent again after its answer was lost is not done again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fastapi import Request, Response

from proxmox_mpc.actions._access import Who
from proxmox_mpc.errors import MpcError, UsageError
from proxmox_mpc.interfaces.api import problems

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.serving import Serving

HEADER = "Idempotency-Key"
_FITS = re.compile(r"[\x21-\x7e]{1,128}")
_KEPT = ("location", "content-type", "preference-applied")


class KeyInvalid(UsageError):
    """The Idempotency-Key is not one."""

    code = "idempotency.invalid"
    default_hint = "1 to 128 printable letters, such as a UUID"


Begun = Callable[[Response], Awaitable[None]]
"""To be told, as soon as something is begun, what the same request shall be answered from then on."""


async def once(request: Request, who: Who, work: Callable[[Begun], Awaitable[Response]]) -> Response:
    """The answer of `work`, or the one that the same request with the same key got before.

    Only what was refused before anything was done is forgotten, and may be tried again with its key.
    """
    key = request.headers.get(HEADER)
    if key is None or request.method != "POST" or not who.user_id:
        return await work(_nothing)  # who is not logged in has nothing that would be his own
    if not _FITS.fullmatch(key):
        return problems.answer(KeyInvalid())
    from proxmox_mpc.store.idempotency import KeptAnswer

    serving: Serving = request.app.state.background.serving
    kept, owner = serving.store.idempotency, f"{who.user_id}/{who.token_id}"
    try:
        before = await kept.begin(owner, key, serving.key.fingerprint(await _said(request)))
    except MpcError as error:
        return problems.answer(error)
    if before is not None:
        told = {**before.headers, "Idempotency-Replayed": "true"}
        return Response(before.body, status_code=before.status, headers=told)
    begun: list[Response] = []

    async def keep(answer: Response) -> None:
        begun.append(answer)
        headers = {name: value for name, value in answer.headers.items() if name in _KEPT}
        await kept.end(owner, key, KeptAnswer(answer.status_code, bytes(answer.body).decode(), headers))

    answer = await work(keep)  # what is cut off here may have been done: its key stays in use
    if answer.status_code < 300 or (answer.status_code >= 500 and not begun):
        await keep(answer)  # of a fault of ours nobody knows whether it was done
    elif not begun:
        await kept.drop(owner, key)
    return answer


async def _nothing(answer: Response) -> None:
    """Where there is no key."""


async def _said(request: Request) -> str:
    """What is asked, as one text; what is kept of it is made with a key, for it may hold a password."""
    said = json.dumps([request.method, request.url.path, request.url.query]).encode()
    return hashlib.sha256(said + await request.body()).hexdigest()
