"""From an action's result to an HTTP answer: at once or as a job, page by page, not again where nothing changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from pydantic import BaseModel

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._action import Action, Result
from proxmox_mpc.interfaces.api import problems
from proxmox_mpc.interfaces.api.idempotency import Begun, once
from proxmox_mpc.interfaces.api.pages import is_list, page

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background

JSON = "application/json"


async def answered(
    request: Request, who: Who, action: Action[Any, Any], asked: Any, context: str, rest: BaseModel
) -> Response:
    """Carry out an action and answer; once, where the client says so."""
    background: Background = request.app.state.background

    async def work(begun: Begun) -> Response:
        try:
            if action.long:
                from proxmox_mpc.interfaces.api.jobs import as_job

                return await as_job(request, background, who, action, asked, context, begun)
            async with background.session(who, context) as session:
                result = await action(session, asked)
            return _answer(request, action, result, rest)
        except Exception as error:  # what is a fault of ours is told as one, with its id and all headers
            return problems.answer(error)

    return await once(request, who, work)


def _answer(request: Request, action: Action[Any, Any], result: Result, rest: BaseModel) -> Response:
    headers: dict[str, str] = {}
    if is_list(action):
        result, headers = page(result, getattr(rest, "limit", None), getattr(rest, "cursor", ""), request.url)
    body = result.model_dump_json(by_alias=True)
    if request.method == "GET":
        return unless_known(request, body, headers)
    return Response(body, status_code=action.status, media_type=JSON, headers=headers)


def unless_known(request: Request, body: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with an ETag; 304 without the body, where the client has just that."""
    tag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    told = {"ETag": tag, "Cache-Control": "no-cache, private", **(headers or {})}
    known = {part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers=told)
    return Response(body, media_type=JSON, headers=told)
