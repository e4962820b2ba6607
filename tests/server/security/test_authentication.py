"""API2, broken authentication: guessing, forging, stealing, and what was revoked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from tests.server.security.world import PASSWORD, World, call

V1 = "/api/v1"


def test_api2_guessing_is_slowed_down_and_tells_nothing(world: World) -> None:
    world.enter("guessed")
    wrong = [world.ask("login", "", name="guessed", password=f"wrong-{n}-wrong") for n in range(12)]
    nobody = world.ask("login", "", name="nobody-at-all", password="wrong-wrong-wrong")
    assert wrong[0].status == nobody.status == 401
    same = ("code", "detail", "hint", "title")
    assert [wrong[0].json.get(name) for name in same] == [nobody.json.get(name) for name in same]
    assert wrong[-1].status == 429
    assert int(wrong[-1].headers["retry-after"]) > 0
    assert world.ask("login", "", name="guessed", password=PASSWORD).status == 429, "also for the right one, meanwhile"
    world.ok("user_unlock", name="guessed")


def forged(token: str, algorithm: str, key: bytes = b"") -> str:
    """The same claims under a header and signature of somebody else."""
    _, _, rest = token.partition(".")
    payload = rest.partition(".")[0]
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode()).decode().rstrip("=")
    signature = hmac.new(key, f"{head}.{payload}".encode(), hashlib.sha256).digest() if key else b""
    return f"{head}.{payload}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_api2_tokens_that_the_server_did_not_sign_count_for_nothing(world: World) -> None:
    head, payload, signature = world.admin.split(".")
    other = "A" if signature[5] != "A" else "B"
    tokens = [
        forged(world.admin, "none"),
        forged(world.admin, "None"),
        forged(world.admin, "HS256", b"secret"),
        forged(world.admin, "HS256", b"\x00"),
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature[:5]}{other}{signature[6:]}",
        f"{world.amy.split('.')[0]}.{payload}.{world.amy.split('.')[2]}",
        "pmpc_nonsense",
        "pmpc_' OR 1=1 --",
        "x" * 4000,
    ]
    for token in tokens:
        reply = call(world, "GET", f"{V1}/auth/me", token=token)
        assert reply.status == 401, token
        assert reply.headers["www-authenticate"] == "Bearer"


def test_api2_a_stolen_refresh_token_ends_the_login_of_both(world: World) -> None:
    world.enter("robbed")
    login = world.ok("login", name="robbed", password=PASSWORD)
    following = world.ok("refresh", refreshToken=login["refreshToken"])
    again = world.ok("refresh", refreshToken=following["refreshToken"])
    replay = world.ask("refresh", "", refreshToken=login["refreshToken"])
    assert replay.status in (401, 409)
    assert replay.status == 409 or world.ask("whoami", again["accessToken"]).status == 401
    assert world.ask("refresh", "", refreshToken=again["accessToken"]).status == 401, "one kind is not the other"
    assert world.ask("whoami", again["refreshToken"]).status == 401


def test_api2_what_was_revoked_counts_no_more_at_once(world: World) -> None:
    session = world.enter("leaver", viewer=["*"])
    token = world.ok("token_create", session, name="ci")
    assert world.ask("get", token["token"], kind="vm").status == 200
    world.ok("user_set", name="leaver", disabled=True)
    assert world.ask("get", token["token"], kind="vm").status == 401
    assert world.ask("whoami", session).status == 401
    world.ok("user_set", name="leaver", disabled=False)
    assert world.ask("whoami", session).status == 401, "a login that was ended stays so"
