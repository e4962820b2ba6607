"""Every error a user can meet, with what each face needs to show it.

An error carries a stable dotted `code`, a `hint` that says what to do next, the CLI's `exit_code` and the API's
`http_status`. Subclasses belong beside the part that raises them; what stands here is the root and the families that
several parts raise. The docstring of a class is its default message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Place:
    """Where in a text something stands: `file` as the user named it, `line` and `column` from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class MpcError(Exception):
    """Something failed."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    default_hint: ClassVar[str] = ""

    def __init__(self, message: str = "", *, hint: str = "", place: Place | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").partition("\n")[0]
        self.hint = hint or self.default_hint
        self.place = place
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class UsageError(MpcError):
    """The command does not fit together."""

    code = "usage"
    exit_code = 2
    http_status = 400


class InvalidInput(MpcError):
    """The input is not valid."""

    code = "input.invalid"
    http_status = 422


class InvalidInputs(MpcError):
    """Several things in the input are not valid."""

    code = "input.invalid"
    http_status = 422

    def __init__(self, errors: Sequence[MpcError]) -> None:
        self.errors = tuple(errors)
        super().__init__(f"{len(errors)} errors in the input")


class DeniedError(MpcError):
    """The cluster refused the login or the permission."""

    code = "auth.denied"
    exit_code = 4
    http_status = 403


class NotFoundError(MpcError):
    """There is no such thing."""

    code = "not-found"
    exit_code = 5
    http_status = 404


class RefusedError(MpcError):
    """A safety gate refused it; nothing was changed."""

    code = "refused"
    exit_code = 6
    http_status = 409


class UnreachableError(MpcError):
    """The cluster does not answer, or is busy."""

    code = "cluster.unreachable"
    exit_code = 7
    http_status = 503
