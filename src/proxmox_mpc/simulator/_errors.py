"""How the API says no: one exception with a status and PVE's own wording, and the few ways to raise it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn


class ApiError(Exception):
    """An answer that is not 200.

    `message` is the text of the body (with PVE's trailing newline where PVE has one); its first line becomes the
    HTTP reason phrase. `errors` maps parameters to texts. `bare` answers carry no body at all (401, 501 methods).
    """

    def __init__(
        self, status: int, message: str, errors: Mapping[str, str] | None = None, *, bare: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = dict(errors) if errors else None
        self.bare = bare

    @property
    def reason(self) -> str:
        return self.message.partition("\n")[0]


def die(text: str) -> NoReturn:
    """Fail as Perl's `die` does inside a handler: status 500, the text with a newline."""
    raise ApiError(500, f"{text}\n")


def refuse(errors: Mapping[str, str] | None = None, **named: str) -> NoReturn:
    """Fail parameter verification: status 400, one text per parameter."""
    raise ApiError(400, "Parameter verification failed.\n", {**(errors or {}), **named})


def deny(what: str = "") -> NoReturn:
    """Fail the permission check: status 403."""
    raise ApiError(403, f"Permission check failed ({what})\n" if what else "Permission check failed\n")


def unauthorized(reason: str) -> NoReturn:
    """Fail authentication: status 401 with an empty body."""
    raise ApiError(401, reason, bare=True)


def as_task_text(error: ApiError) -> str:
    """How the error reads as the last line of a task's log (403 keeps its number there, 500 does not)."""
    text = error.message.rstrip("\n")
    if error.status == 400 and error.errors:
        return "\n".join([f"400 {text}", *(f"{k}: {v}" for k, v in error.errors.items())])
    return text if error.status == 500 else f"{error.status} {text}"
