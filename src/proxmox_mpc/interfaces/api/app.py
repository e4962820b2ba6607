"""The application: routes of all actions, what a server tells of itself, and the order of what a request passes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from proxmox_mpc import __version__
from proxmox_mpc.bootstrap import all_actions
from proxmox_mpc.bootstrap.watching import Watching
from proxmox_mpc.errors import MpcError
from proxmox_mpc.interfaces.api import documentation, problems, routes, saml, system
from proxmox_mpc.interfaces.api.limits import Limits
from proxmox_mpc.interfaces.api.realtime import Realtime
from proxmox_mpc.interfaces.api.tracing import Correlated
from proxmox_mpc.settings import Settings

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background

DESCRIPTION = """\
Everything that `proxmox-cli` does, over HTTP: the same actions, permissions and audit.

Log in (`POST /auth/login`) or use a personal API token, as `Authorization: Bearer …`. Errors are problem details with a
stable `code` and a `hint`. What takes long is a job: 202 with its `Location`, or its result with `Prefer: wait=30`.
"""


def make_app(settings: Settings, opened: Callable[[], AbstractAsyncContextManager[Background]]) -> ASGIApp:
    """The application; `opened` opens what its process needs when it starts, and closes it at the end."""
    realtime = Realtime(lambda: app.state.background, settings.server.cors_origins)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as background:
            app.state.background = background
            watching = Watching(background, lambda: realtime.wanted)
            tasks = [asyncio.create_task(work) for work in (realtime.run(), watching.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(
        title="Proxmox-MPC",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        debug=False,  # a traceback in an answer would tell secrets
        openapi_url=f"{routes.PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=True,
    )
    app.state.settings = settings
    app.include_router(routes.router(all_actions()))
    app.include_router(system.router)
    app.include_router(saml.router)
    documentation.add(app, routes.PREFIX, f"{routes.PREFIX}/openapi.json")
    for kind in (MpcError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, problems.handle)
    app.openapi = documented(app.openapi)  # type: ignore[method-assign]
    # The last one that is added comes first.
    app.add_middleware(Limits)
    if settings.server.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.server.cors_origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Idempotency-Key", "Prefer"],
            expose_headers=["ETag", "Location", "Link", "X-Total-Count", "X-Correlation-ID"],
        )
    app.add_middleware(Correlated)
    return realtime.mounted(app)


def documented(inner: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The OpenAPI document, with the model of errors that all routes share."""
    known: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not known:
            known.update(inner())
            schemas = known.setdefault("components", {}).setdefault("schemas", {})
            problem = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(problem.pop("$defs", {}))
            schemas["Problem"] = problem
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for path in known["paths"].values():
                for operation in path.values():
                    operation.setdefault("responses", {}).setdefault("default", problems.DOCUMENTED)
                    operation.get("responses", {}).pop("422", None)  # FastAPI's own form, which nothing here answers
        return known

    return openapi
