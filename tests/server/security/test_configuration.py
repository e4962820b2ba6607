"""API8 and API9, misconfiguration and inventory: headers, origins, cookies, error texts, routes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from proxmox_mpc.bootstrap import all_actions
from tests.rest import exchange
from tests.server.security.world import World, call

V1 = "/api/v1"


def test_api8_answers_say_how_they_may_be_used_and_not_what_made_them(world: World) -> None:
    for path in (f"{V1}/resources/vm", f"{V1}/docs", "/api/health", "/nothing", f"{V1}/auth/login"):
        headers = call(world, "GET", path, token=world.admin).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert "server" not in headers, path
        assert "set-cookie" not in headers, path
    reply = call(world, "GET", f"{V1}/auth/me", token=world.admin)
    assert "private" in reply.headers["cache-control"] or reply.headers["cache-control"] == "no-store"


def test_api8_other_origins_are_told_nothing(world: World) -> None:
    reply = call(world, "GET", f"{V1}/contexts", token=world.admin, Origin="https://evil.example")
    assert "access-control-allow-origin" not in reply.headers
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    preflight = exchange("OPTIONS", f"{world.served.url}{V1}/plans", headers=asked)
    assert preflight.status >= 400
    assert "access-control-allow-origin" not in preflight.headers


def test_api8_there_is_no_cookie_to_ride_on(world: World) -> None:
    """CSRF: nothing but the Authorization header says who asks, and no page of another origin can set that."""
    for header in ("Cookie", "X-Api-Key", "X-Access-Token"):
        told = {header.replace("-", "_"): f"access_token={world.admin}; session={world.admin}; token={world.admin}"}
        assert call(world, "GET", f"{V1}/auth/me", **told).status == 401, header
    assert call(world, "GET", f"{V1}/auth/me?access_token={world.admin}&token={world.admin}").status == 401
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    assert call(world, "POST", f"{V1}/auth/login", b"name=admin&password=x", **form).status == 422
    assert call(world, "POST", f"{V1}/users", b'{"name": "x"}', world.admin, Content_Type="text/plain").status == 422


def test_api8_errors_tell_no_more_than_they_must(world: World) -> None:
    for path in (
        f"{V1}/resources/vm?names=%00",
        f"{V1}/jobs/%ff",
        f"{V1}/resources/%2e%2e%2f",
        f"{V1}/messages?after=x",
    ):
        text = call(world, "GET", path, token=world.admin).text
        for word in ("Traceback", "site-packages", 'File "', "sqlalchemy", "SELECT ", str(world.served.home)):
            assert word not in text, (path, text)


def test_api9_every_route_is_an_action_or_one_of_the_servers_own(world: World) -> None:
    documented = {(one.method, one.path) for one in world.document.operations().values()}
    actions = {(one.route.partition(" ")[0], f"{V1}{one.route.partition(' ')[2]}") for one in all_actions()}
    own = {path for _, path in documented - actions}
    assert actions <= documented
    assert own <= {"/api/health", "/api/system/info", "/api/system/status", "/metrics"}
    from proxmox_mpc.interfaces.api.app import make_app
    from proxmox_mpc.settings import Settings

    outer: Any = make_app(Settings.load(), lambda: (_ for _ in ()).throw(AssertionError))  # type: ignore[arg-type]
    app = inspect.getclosurevars(outer).nonlocals["app"]
    routed = {getattr(route, "path", "") for route in app.routes if getattr(route, "include_in_schema", False)}
    hidden = {getattr(route, "path", "") for route in app.routes} - routed
    assert {path for path in hidden if path} <= {
        f"{V1}/openapi.json",
        f"{V1}/docs",
        f"{V1}/docs/assets",
        f"{V1}/redoc",
        "/socket.io",
        "/metrics",
    }


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PATCH", "PROPFIND"])
def test_api9_other_methods_are_refused(world: World, method: str) -> None:
    assert exchange(method, f"{world.served.url}{V1}/contexts").status in (400, 404, 405)
