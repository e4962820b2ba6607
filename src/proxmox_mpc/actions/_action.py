"""What an action is: one async function, its request and result types, its permission and its route."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session


class Request(BaseModel):
    """What a user asks for. Requests carry content, never paths of the client's disk."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(BaseModel):
    """What an action answers; its JSON form (camelCase) is a stable contract."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Result)


@dataclass(frozen=True)
class Action(Generic[Q, R]):
    """One thing a user can do. `route` is `METHOD /path` below /api/v1; `writes` means that it is audited."""

    name: str
    summary: str
    request: type[Q]
    run: Callable[[Session, Q], Awaitable[R]]
    permission: str
    route: str
    writes: bool

    async def __call__(self, session: Session, request: Q) -> R:
        return await self.run(session, request)


def action(
    *, permission: str, route: str, writes: bool = False
) -> Callable[[Callable[[Session, Q], Awaitable[R]]], Action[Q, R]]:
    """Make an action of an async function `(session, request) -> result`; its docstring's first line is the help."""

    def make(run: Callable[[Session, Q], Awaitable[R]]) -> Action[Q, R]:
        parameter = list(inspect.signature(run).parameters)[1]
        module = inspect.getmodule(run)
        names = vars(module) if module else {}
        request = typing.get_type_hints(run, {**names, "Session": object})[parameter]
        summary = (inspect.getdoc(run) or "").partition("\n")[0]
        return Action(run.__name__, summary, request, run, permission, route, writes)

    return make
