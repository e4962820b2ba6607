"""What a server tells of itself: whether it is well, what it is, how its parts are."""

from __future__ import annotations

import asyncio
import hmac
import platform
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from proxmox_mpc import __version__
from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._gate import NotAllowed, PasswordMustChange
from proxmox_mpc.interfaces.api.identity import LoginRequired, somebody
from proxmox_mpc.telemetry import metrics

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background
    from proxmox_mpc.bootstrap.serving import Serving

router = APIRouter(tags=["system"])
PATIENCE_S = 5.0
"""How long a part may take to say that it is there."""
_began = time.monotonic()


async def _reader(who: Annotated[Who, Depends(somebody)]) -> Who:
    """Who may know how the system is."""
    if who.must_change_password:
        raise PasswordMustChange()
    if not who.access.allows_somewhere("system:read"):
        raise NotAllowed(f"{who.name} lacks the permission system:read")
    return who


class Health(BaseModel):
    """Whether this replica serves; `draining` and `unavailable` come with 503."""

    status: str


class Info(BaseModel):
    """What runs here."""

    name: str
    version: str
    python: str
    api: str
    database: str
    jobs: str
    uptime_s: float


class Part(BaseModel):
    """One part: whether it answers, how fast, and what is to say of it."""

    name: str
    ok: bool
    took_ms: float
    detail: str = ""


class Status(BaseModel):
    """All parts; `ok` where each of them is."""

    ok: bool
    parts: list[Part]


@router.get("/api/health", response_model=Health, responses={503: {"model": Health}})
async def health(request: Request) -> Response:
    """Whether this replica serves: the database answers, and it is not about to end."""
    background: Background = request.app.state.background
    status = "draining" if background.draining else "ok"
    if not background.draining:
        try:
            await asyncio.wait_for(background.store.ping(), PATIENCE_S)
        except Exception:
            status = "unavailable"
    body = Health(status=status).model_dump_json()
    return Response(body, status_code=200 if status == "ok" else 503, media_type="application/json")


@router.get("/api/system/info")
async def info(request: Request, who: Annotated[Who, Depends(_reader)]) -> Info:
    """What runs here."""
    background: Background = request.app.state.background
    return Info(
        name="Proxmox-MPC",
        version=__version__,
        python=platform.python_version(),
        api="/api/v1",
        database=background.store.kind,
        jobs="celery" if background.dispatch else "in this process",
        uptime_s=round(time.monotonic() - _began, 1),
    )


@router.get("/api/system/status")
async def status(request: Request, who: Annotated[Who, Depends(_reader)]) -> Status:
    """How the parts are: the database, what carries jobs, and each context that the user may see."""
    background: Background = request.app.state.background
    serving = background.serving
    works: list[tuple[str, Awaitable[str]]] = [("database", serving.store.ping()), ("jobs", _jobs(background))]
    contexts = await serving.store.contexts.list()
    for name in who.access.contexts([context.name for context in contexts]):
        works.append((f"context {name}", _cluster(serving, who, name)))
    parts = await asyncio.gather(*(_part(name, work) for name, work in works))
    return Status(ok=all(part.ok for part in parts), parts=list(parts))


async def _jobs(background: Background) -> str:
    number = await background.store.jobs.count()
    return f"{number.get('running', 0)} at work, {number.get('queued', 0)} waiting"


async def _cluster(serving: Serving, who: Who, name: str) -> str:
    async with serving.session(who, name) as session:
        version: dict[str, Any] = await (await session.cluster()).get("/version")
        return f"PVE {version.get('version', '')}"


async def _part(name: str, work: Awaitable[str]) -> Part:
    began = time.monotonic()
    try:
        detail, ok = await asyncio.wait_for(work, PATIENCE_S), True
    except TimeoutError:
        detail, ok = f"no answer within {PATIENCE_S:g} s", False
    except Exception as error:
        detail, ok = str(error).partition("\n")[0], False
    return Part(name=name, ok=ok, took_ms=round((time.monotonic() - began) * 1000, 1), detail=detail or "")


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def exposed(request: Request) -> Response:
    """Metrics, for Prometheus: on this machine, and elsewhere for who knows METRICS_TOKEN."""
    background: Background = request.app.state.background
    wanted = background.settings.server.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    # Behind a proxy on this machine, all the world comes from here.
    passed_on = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded"))
    here = request.client is not None and request.client.host in ("127.0.0.1", "::1") and not passed_on
    if not (hmac.compare_digest(given.encode(), wanted.encode()) if wanted else here):
        raise LoginRequired("metrics are for this machine, or for who knows METRICS_TOKEN")
    for state, number in (await background.store.jobs.count()).items():
        metrics.JOBS_NOW.set(number, state=state)
    content, media_type = metrics.page()
    return Response(content, headers={"Content-Type": media_type})
