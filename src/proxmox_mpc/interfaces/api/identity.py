"""Who asks: a bearer token, told to the action by the gate's own type."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._action import Action
from proxmox_mpc.errors import DeniedError
from proxmox_mpc.telemetry import correlation

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.serving import Serving

bearer_of = HTTPBearer(
    auto_error=False, description="An access token of /auth/login, or a personal API token (pmpc_…)."
)
ANONYMOUS = "anonymous"


class LoginRequired(DeniedError):
    """This needs a login."""

    code = "auth.required"
    http_status = 401
    default_hint = "Authorization: Bearer TOKEN, from POST /api/v1/auth/login or a personal API token"
    headers = {"WWW-Authenticate": "Bearer"}


def who_asks(action: Action[Any, Any]) -> Callable[..., Awaitable[Who]]:
    """The dependency that answers who asks. Raises LoginRequired, unless the action is for everybody."""
    if action.scope == "public":
        return nobody
    return somebody


async def nobody(request: Request) -> Who:
    """Whoever it is: what it brings is not looked at."""
    return Who(ANONYMOUS, address=address_of(request), correlation=correlation())


async def somebody(request: Request, bearer: Annotated[Any, Depends(bearer_of)]) -> Who:
    """The user whose token it is."""
    if bearer is None:
        raise LoginRequired()
    serving: Serving = request.app.state.background.serving
    return await serving.authenticate(bearer.credentials, address=address_of(request), correlation=correlation())


def address_of(request: Request) -> str:
    """The client's address; behind a trusted proxy uvicorn has put the real one there."""
    return request.client.host if request.client else ""
