"""The pages that show the OpenAPI document; they load nothing from elsewhere, for many clusters have no way there."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def add(app: FastAPI, prefix: str, document: str) -> None:
    """Swagger UI at `docs`, ReDoc at `redoc`, and what both load beside them."""
    assets = f"{prefix}/docs/assets"
    swagger = get_swagger_ui_html(
        openapi_url=document,
        title=f"{app.title}: REST API",
        swagger_js_url=f"{assets}/swagger-ui-bundle.js",
        swagger_css_url=f"{assets}/swagger-ui.css",
        swagger_favicon_url="data:,",
    )
    redoc = get_redoc_html(
        openapi_url=document,
        title=f"{app.title}: REST API",
        redoc_js_url=f"{assets}/redoc.standalone.js",
        redoc_favicon_url="data:,",
        with_google_fonts=False,
    )
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def begin() -> RedirectResponse:
        return RedirectResponse(f"{prefix}/docs")

    @router.get(f"{prefix}/docs")
    async def docs() -> HTMLResponse:
        return _only_ours(swagger)

    @router.get(f"{prefix}/redoc")
    async def redocs() -> HTMLResponse:
        return _only_ours(redoc)

    app.include_router(router)
    app.mount(assets, StaticFiles(directory=str(files("fastapi_offline") / "static")))


def _only_ours(page: HTMLResponse) -> HTMLResponse:
    """The page, and what it may load and run: this server's own, and the one script within it."""
    inline = _INLINE.findall(bytes(page.body).decode())
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in inline)
    # ReDoc searches in a worker that it makes of its own text; both write styles and pictures into the page.
    rules = (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(page.body, headers={"Content-Security-Policy": rules})
