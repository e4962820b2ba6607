"""Logging in at an OpenID provider on this machine: discovery, code, signed token, and what is refused."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.unit.simulator.api import Answer, Api

BACK = "https://pve.example/"


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Provider:
    """A provider with one user; tests change the claims, the signing key or the header."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=lambda: {"alg": "RS256", "kid": "one"})
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    signs_with: rsa.RSAPrivateKey | None = None
    url: str = ""
    asked: dict[str, str] = field(default_factory=dict)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            return web.json_response({"issuer": self.url, **{k: f"{self.url}/{v}" for k, v in places.items()}})
        if request.path == "/keys":
            numbers = self.key.public_key().public_numbers()
            parts = {"n": coded(numbers.n.to_bytes(256)), "e": coded(numbers.e.to_bytes(3))}
            return web.json_response({"keys": [{"kty": "RSA", "kid": "one", **parts}]})
        self.asked = {k: str(v) for k, v in (await request.post()).items()}
        if self.asked["code"] != "the-code" or self.asked["client_secret"] != "hush":
            raise web.HTTPBadRequest
        text = ".".join(coded(json.dumps(part).encode()) for part in (self.header, self.claims))
        signature = (self.signs_with or self.key).sign(text.encode(), PKCS1v15(), SHA256())
        return web.json_response({"id_token": f"{text}.{coded(signature)}"})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    runner = web.ServerRunner(web.Server(made.answer))  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def add_realm(api: Api, provider: Provider, **more: Any) -> None:
    form = {"realm": "sso", "type": "openid", "client-id": "pve", "client-key": "hush", "autocreate": 1}
    await api.do("POST", "/access/domains", **{**form, "issuer-url": provider.url, **more})


async def log_in(api: Api, provider: Provider, code: str = "the-code", **claims: Any) -> Answer:
    """As a browser does: ask for the address, come back from it with a code."""
    url = await api.do("POST", "/access/openid/auth-url", realm="sso", **{"redirect-url": BACK})
    query = {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
    assert (query["client_id"], query["redirect_uri"], query["response_type"]) == ("pve", BACK, "code")
    usual = {"iss": provider.url, "aud": "pve", "exp": time.time() + 60, "nonce": query["nonce"], "sub": "amy"}
    provider.claims = {**usual, **claims}
    open_api = Api(api.sim, api.session, {})
    return await open_api.call(
        "POST", "/access/openid/login", code=code, state=query["state"], **{"redirect-url": BACK}
    )


async def test_somebody_logs_in_and_is_made_a_user(api: Api, provider: Provider) -> None:
    await add_realm(api, provider, **{"groups-claim": "roles", "groups-autocreate": 1})
    answer = (await log_in(api, provider, email="amy@example.org", roles=["ops"])).data
    assert answer["username"] == "amy@sso"
    user = await api.get("/access/users/amy@sso")
    assert (user["email"], user["groups"]) == ("amy@example.org", ["ops-sso"])
    cookie = {"Cookie": f"PVEAuthCookie={quote(answer['ticket'], safe='')}"}
    assert (await Api(api.sim, api.session, cookie).call("GET", "/version")).status == 200


async def test_a_claim_names_the_user_who_must_exist(api: Api, provider: Provider) -> None:
    await add_realm(api, provider, autocreate=0, **{"username-claim": "email"})
    assert (await log_in(api, provider, email="bob@x.org")).status == 401
    await api.do("POST", "/access/users", userid="bob@x.org@sso")
    assert (await log_in(api, provider, email="bob@x.org")).data["username"] == "bob@x.org@sso"
    await api.do("PUT", "/access/users/bob@x.org@sso", enable=0)
    assert (await log_in(api, provider, email="bob@x.org")).status == 401


@pytest.mark.parametrize(
    "claims",
    [{"aud": "other"}, {"iss": "http://elsewhere"}, {"exp": 1}, {"nonce": "old"}, {"sub": None}, {"sub": "a b"}],
)
async def test_a_token_that_is_not_for_this_log_in_is_refused(
    api: Api, provider: Provider, claims: dict[str, Any]
) -> None:
    await add_realm(api, provider)
    assert (await log_in(api, provider, **claims)).status == 401
    assert "amy@sso" not in api.sim.cluster.access.users


async def test_a_forged_signature_is_refused(api: Api, provider: Provider) -> None:
    await add_realm(api, provider)
    provider.signs_with = rsa.generate_private_key(65537, 2048)
    assert (await log_in(api, provider)).status == 401
    provider.signs_with, provider.header = None, {"alg": "none"}
    assert (await log_in(api, provider)).status == 401


async def test_a_state_is_good_once_and_a_wrong_code_for_nothing(api: Api, provider: Provider) -> None:
    await add_realm(api, provider)
    assert (await log_in(api, provider, code="guess")).status == 500
    form = {"code": "the-code", "state": "made-up", "redirect-url": BACK}
    assert (await api.call("POST", "/access/openid/login", **form)).status == 401


async def test_a_provider_that_is_not_there(api: Api, provider: Provider) -> None:
    await add_realm(api, provider, **{"issuer-url": "http://127.0.0.1:9"})
    asked = {"realm": "sso", "redirect-url": BACK}
    assert "Connection refused" in (await api.call("POST", "/access/openid/auth-url", **asked)).reason
