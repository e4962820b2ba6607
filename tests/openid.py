"""OpenID providers for tests: a real one with a browser before it, and one that answers what a test wants."""

from __future__ import annotations

import base64
import hmac
import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT = "mpc"


@contextmanager
def provider(**people: dict[str, Any]) -> Iterator[str]:
    """The issuer of a running provider, which knows these people by what it tells of them."""
    from oidc_provider_mock import User, run_server_in_thread

    known = [User(sub=sub, claims=claims) for sub, claims in people.items()]
    with run_server_in_thread(user_claims=known, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


def consent(url: str, sub: str) -> str:
    """What somebody's browser is sent back to, once that one has logged in at the provider."""
    answer = requests.post(url, data={"sub": sub}, allow_redirects=False, timeout=20)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def came_back(location: str) -> dict[str, str]:
    """The parameters of that place."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


@dataclass
class Hostile:
    """Answers what a test wants; what it does not say is as it should be."""

    issuer: str = ""
    nonce: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    answer: Any = None
    status: int = 200
    forms: list[dict[str, str]] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs: Any = None

    def token(self) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "sub": "1", "nonce": self.nonce, "iat": now, "exp": now + 60}
        said |= {"preferred_username": "amy", "groups": ["ops"], **self.claims}
        said = {name: value for name, value in said.items() if value is not None}
        header = {"alg": "RS256", "kid": "one", **self.header}
        payload = json.dumps(said).encode()
        if header["alg"].startswith("RS"):
            return jws.serialize_compact(header, payload, self.signs or self.key, algorithms=[header["alg"]])
        signed = b".".join(
            base64.urlsafe_b64encode(part).rstrip(b"=") for part in (json.dumps(header).encode(), payload)
        )
        # By what everybody can read: the public key as it is published. Or by nothing.
        mac = hmac.digest(self.key.as_pem(private=False), signed, "sha256") if header["alg"] != "none" else b""
        return f"{signed.decode()}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@asynccontextmanager
async def hostile(tls: ssl.SSLContext | None = None) -> AsyncIterator[Hostile]:
    """A running one."""
    one = Hostile()

    async def about(request: web.Request) -> web.Response:
        ends = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
        return web.json_response({"issuer": one.issuer, **{end: f"{one.issuer}/{end}" for end in ends}, **one.about})

    async def token(request: web.Request) -> web.Response:
        one.forms.append({name: str(value) for name, value in (await request.post()).items()})
        one.forms[-1]["authorization"] = request.headers.get("Authorization", "")
        answer = {"id_token": one.token(), "access_token": "at"} if one.answer is None else one.answer
        return web.json_response(answer, status=one.status)

    async def keys(request: web.Request) -> web.Response:
        return web.json_response({"keys": [one.key.as_dict(private=False)]})

    async def userinfo(request: web.Request) -> web.Response:
        return web.json_response(one.userinfo)

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", about)
    app.router.add_post("/token_endpoint", token)
    app.router.add_get("/jwks_uri", keys)
    app.router.add_get("/userinfo_endpoint", userinfo)
    server = TestServer(app, scheme="https" if tls else "http")
    await server.start_server(ssl=tls)
    try:
        one.issuer = f"https://localhost:{server.port}" if tls else f"http://127.0.0.1:{server.port}"
        yield one
    finally:
        await server.close()
