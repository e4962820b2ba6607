"""What an action is: one async function, its request and result types, its permission and its route."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session


class Internal:
    """Marks fields that actions give each other and nobody gives from outside: some lift gates."""


INTERNAL = Internal()


class WithSlashes:
    """Marks fields that may hold slashes where they stand in a route's path: `vm/web`, `APIToken/amy@pve!ci`."""


WITH_SLASHES = WithSlashes()


class Request(BaseModel):
    """What a user asks for, in camelCase where it is JSON. Requests carry content, never paths of the client's disk."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _is_text(cls, given: Any) -> Any:
        """What no database and no cluster could take as text is refused where it comes in."""
        if not _is_clean(given):
            raise ValueError("a text has a NUL in it, or half a character")
        return given

    @classmethod
    def outside_fields(cls) -> dict[str, FieldInfo]:
        """The fields that somebody outside may give."""
        return {name: info for name, info in cls.model_fields.items() if INTERNAL not in info.metadata}


def _is_clean(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or not any("\ud800" <= one <= "\udfff" for one in value))
    if isinstance(value, dict):
        return all(_is_clean(name) and _is_clean(one) for name, one in value.items())
    return not isinstance(value, list | tuple) or all(map(_is_clean, value))


class Result(BaseModel):
    """What an action answers; its JSON form (camelCase) is a stable contract."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


Q = TypeVar("Q", bound=Request)
R = TypeVar("R", bound=Result)


Scope = Literal["public", "own", "anywhere", "namespace", "context", "server"]
"""Where the permission is needed: not at all; by whoever is logged in, for what is theirs; in any namespace of any
context, for what touches no cluster; in the namespaces concerned
(the action itself looks, by `_gate.require`); in all namespaces of the context; in all contexts."""


@dataclass(frozen=True)
class Action(Generic[Q, R]):
    """One thing a user can do.

    `route` is `METHOD /path` below /api/v1, `status` what it answers when all went well. `writes` means that it is
    audited, `long` that a server does it as a job. `turn` is the field that names the application that it works on: one
    job at a time does, and who may not see the application is told that there is none.
    """

    name: str
    summary: str
    request: type[Q]
    result: type[R]
    run: Callable[[Session, Q], Awaitable[R]]
    permission: str
    route: str
    scope: Scope
    status: int
    writes: bool
    long: bool
    turn: str

    async def __call__(self, session: Session, request: Q) -> R:
        result: R = await session.carry_out(session, self, request)
        return result


def action(
    *,
    permission: str,
    route: str,
    scope: Scope = "context",
    status: int = 200,
    writes: bool = False,
    long: bool = False,
    turn: str = "",
) -> Callable[[Callable[[Session, Q], Awaitable[R]]], Action[Q, R]]:
    """Make an action of an async function `(session, request) -> result`; its docstring's first line is the help."""

    def make(run: Callable[[Session, Q], Awaitable[R]]) -> Action[Q, R]:
        parameter = list(inspect.signature(run).parameters)[1]
        module = inspect.getmodule(run)
        names = vars(module) if module else {}
        hints: dict[str, Any] = typing.get_type_hints(run, {**names, "Session": object})
        summary = (inspect.getdoc(run) or "").partition("\n")[0]
        return Action(
            name=run.__name__,
            summary=summary,
            request=hints[parameter],
            result=hints["return"],
            run=run,
            permission=permission,
            route=route,
            scope=scope,
            status=status,
            writes=writes,
            long=long,
            turn=turn,
        )

    return make
