"""One route for each action, made of what the action says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ValidationError

from proxmox_mpc.actions._action import Action
from proxmox_mpc.interfaces.api import answers, problems
from proxmox_mpc.interfaces.api.identity import who_asks
from proxmox_mpc.interfaces.api.requests import CONTEXT, Shape, request_of

if TYPE_CHECKING:
    from proxmox_mpc.actions._access import Who

PREFIX = "/api/v1"


def router(actions: Iterable[Action[Any, Any]]) -> APIRouter:
    """All routes; those whose path is written out come before those with a name in the same place."""
    made = APIRouter(prefix=PREFIX)
    for action in sorted(actions, key=lambda one: (one.route.count("{"), one.route)):
        add(made, action)
    return made


def add(made: APIRouter, action: Action[Any, Any]) -> None:
    """The route of one action."""
    shape = Shape.of(action)
    made.add_api_route(
        shape.path,
        endpoint(action, shape),
        methods=[shape.method],
        operation_id=action.name,
        summary=action.summary.rstrip("."),
        description=_description(action),
        tags=[shape.path.split("/")[1]],
        status_code=action.status,
        response_class=Response,
        responses=responses(action, shape),
    )


def endpoint(action: Action[Any, Any], shape: Shape) -> Callable[..., Awaitable[Response]]:
    """The function that FastAPI calls: its signature is what the documentation shows and what is checked."""

    async def carry_out(**given: Any) -> Response:
        request: Request = given.pop("http")
        who: Who = given.pop("who")
        rest: BaseModel = given.pop("rest")
        context = getattr(rest, "context", "") if shape.in_query else given.pop("context")
        try:
            asked = request_of(action, {name: given[name] for name in shape.in_path}, rest)
        except ValidationError as error:
            return problems.response(problems.invalid(error.errors()))
        return await answers.answered(request, who, action, asked, context, rest)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("http", kind, annotation=Request),
        inspect.Parameter("who", kind, annotation=Annotated[Any, Depends(who_asks(action))]),
    ]
    for name in shape.in_path:
        info = action.request.model_fields[name]
        annotation: Any = Annotated[info.rebuild_annotation(), Path(description=info.description)]
        parameters.append(inspect.Parameter(name, kind, annotation=annotation))
    where: Any = Query() if shape.in_query else Body()
    empty = not shape.in_query and all(not info.is_required() for info in shape.rest.model_fields.values())
    default = {"default": shape.rest()} if empty else {}
    parameters.append(inspect.Parameter("rest", kind, annotation=Annotated[shape.rest, where], **default))
    if not shape.in_query:
        annotation = Annotated[str, Query(description=CONTEXT.description)]
        parameters.append(inspect.Parameter("context", kind, annotation=annotation, default=""))
    carry_out.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    carry_out.__name__ = action.name
    return carry_out


def _description(action: Action[Any, Any]) -> str:
    need = {
        "public": "Needs no login.",
        "own": "Needs a login.",
        "anywhere": f"Needs `{action.permission}` anywhere.",
        "namespace": f"Needs `{action.permission}` in the namespaces concerned.",
        "context": f"Needs `{action.permission}` in the context.",
        "server": f"Needs `{action.permission}` in all contexts.",
    }[action.scope]
    job = " Done as a job: 202 with it, or its result where `Prefer: wait=SECONDS` saw its end." if action.long else ""
    return f"{action.summary}\n\n{need}{job}"


def responses(action: Action[Any, Any], shape: Shape) -> dict[int | str, dict[str, Any]]:
    """What the documentation says of answers."""
    found: dict[int | str, dict[str, Any]] = {
        action.status: {"model": action.result, "description": "What came of it."},
        "default": problems.DOCUMENTED,
    }
    if action.long:
        from proxmox_mpc.actions._work import JobView

        found[202] = {"model": JobView, "description": "A job that does it; its Location says how it goes on."}
    if shape.method == "GET":
        found[304] = {"description": "It is as it was (If-None-Match)."}
    return found
