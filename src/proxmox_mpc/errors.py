"""Every error a user can meet, with what each face needs to show it.

An error carries a stable dotted `code`, a `hint` that says what to do next, the CLI's `exit_code` and the API's
`http_status`. Subclasses belong beside the part that raises them; what stands here is the root and the families that
several parts raise. The docstring of a class is its default message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar


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
    http_status: ClassVar[int] = 422
    """What was asked was understood and could not be done; 500 is for faults of ours alone."""
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


class InternalFault(MpcError):
    """Something broke inside."""

    code = "internal"
    http_status = 500
    default_hint = "the log says more"


def problem_of(error: BaseException) -> dict[str, Any]:
    """An error as problem details (RFC 9457): what REST answers, a job keeps, and `error_of` understands."""
    if not isinstance(error, MpcError):
        error = InternalFault(f"it broke: {type(error).__name__}")
    problem: dict[str, Any] = {
        "type": f"urn:proxmox-mpc:error:{error.code}",
        "title": (type(error).__doc__ or "").partition("\n")[0].rstrip("."),
        "status": error.http_status,
        "detail": error.message,
        "code": error.code,
        "exitCode": error.exit_code,
    }
    if error.hint:
        problem["hint"] = error.hint
    if error.place is not None:
        problem["place"] = asdict(error.place)
    if isinstance(error, InvalidInputs):
        problem["errors"] = [_part(one) for one in error.errors]
    return problem


def _part(error: MpcError) -> dict[str, Any]:
    place = {"place": asdict(error.place)} if error.place is not None else {}
    return {"detail": error.message, "code": error.code, "hint": error.hint, **place}


def error_of(problem: Mapping[str, Any]) -> MpcError:
    """The error that problem details tell of: with its code, hint, exit code and place, by a class of its own."""
    facts = {
        "code": str(problem.get("code") or f"http.{problem.get('status', 500)}"),
        "exit_code": int(problem.get("exitCode") or 1),
        "http_status": int(problem.get("status") or 500),
        "__doc__": f"{problem.get('title') or 'It was refused'}.",
    }
    kind: type[MpcError] = type("ToldElsewhere", (MpcError,), facts)
    parts = [each for each in problem.get("errors", ()) if not each.get("field")]
    if len(parts) > 1:
        several = type("SeveralToldElsewhere", (InvalidInputs,), facts)
        made: MpcError = several([_told(kind, each) for each in parts])
        return made
    return _told(kind, problem)


def _told(kind: type[MpcError], problem: Mapping[str, Any]) -> MpcError:
    place = problem.get("place")
    where = Place(str(place["file"]), int(place["line"]), int(place["column"])) if place else None
    return kind(str(problem.get("detail") or ""), hint=str(problem.get("hint") or ""), place=where)
