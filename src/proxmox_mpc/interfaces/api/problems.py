"""Errors as problem details (RFC 9457), with the code and the hint that the command line shows: the only mapping."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from proxmox_mpc.actions import _texts as texts
from proxmox_mpc.errors import InvalidInput, MpcError, problem_of
from proxmox_mpc.telemetry import Logger, correlation

MEDIA_TYPE = "application/problem+json"
DOCUMENTED: dict[str, Any] = {
    "description": "What failed, with a code and what to do next.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
"""How the OpenAPI document describes errors."""
_log = Logger("api")


class PlaceView(BaseModel):
    """Where in a text something stands: file as the user named it, line and column from 1."""

    file: str
    line: int
    column: int


class FieldError(BaseModel):
    """One thing that is not valid: where in the request (`names.0`), or where in a text."""

    detail: str
    field: str = ""
    code: str = ""
    hint: str = ""
    place: PlaceView | None = None


class Problem(BaseModel):
    """What failed, why, and what to do next; `code` is stable, `exitCode` that of the command line."""

    type: str = Field(description="urn:proxmox-mpc:error: and the code.")
    title: str = Field(description="What this kind of error means.")
    status: int
    detail: str
    code: str
    hint: str = ""
    exitCode: int = 1
    correlation: str = ""
    place: PlaceView | None = None
    errors: list[FieldError] = []


def invalid(errors: Sequence[Any], skip: int = 0) -> dict[str, Any]:
    """What pydantic found in a request; what was given is not repeated: it may be a secret."""
    found = texts.invalid(errors, skip)
    said = "; ".join(f"{one['field'] or 'the request'}: {one['detail']}" for one in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return {**problem_of(InvalidInput(f"{said}{more}")), "errors": found}


def response(problem: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    content = json.dumps({**problem, "correlation": correlation()}, ensure_ascii=False)
    return Response(content, status_code=problem["status"], media_type=MEDIA_TYPE, headers=headers)


def answer(error: BaseException) -> Response:
    """The answer for whatever went wrong."""
    if isinstance(error, RequestValidationError):
        return response(invalid(error.errors(), skip=1))
    if isinstance(error, HTTPException):
        return response(_http(error), error.headers)
    if not isinstance(error, MpcError):
        _log.error("a fault of ours", error=f"{type(error).__name__}: {error}")
    return response(problem_of(error), getattr(error, "headers", None))


def _http(error: HTTPException) -> dict[str, Any]:
    codes = {401: "auth.required", 403: "auth.denied", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
    code = codes.get(error.status_code, f"http.{error.status_code}")
    return {
        "type": f"urn:proxmox-mpc:error:{code}",
        "title": str(error.detail),
        "status": error.status_code,
        "detail": str(error.detail),
        "code": code,
        "exitCode": {401: 4, 403: 4, 404: 5}.get(error.status_code, 1),
    }


async def handle(request: Request, error: Exception) -> Response:
    return answer(error)
