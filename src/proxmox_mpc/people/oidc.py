"""OpenID Connect: a browser logs in elsewhere, and comes back with a code that is good for one signed statement."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

from proxmox_mpc import telemetry
from proxmox_mpc.people.errors import LoginFailed
from proxmox_mpc.people.id_tokens import TokenRefused, checked
from proxmox_mpc.people.provider_settings import OidcSettings
from proxmox_mpc.people.providers import LOOPBACK, Begun, Proved, ProviderUnreachable

_log = telemetry.Logger("people")


class Web(Protocol):
    """Asks an OpenID provider; where that may not be reached, or does not answer, ProviderUnreachable is raised."""

    async def get(self, url: str, bearer: str = "") -> tuple[int, bytes]:
        """Status and content."""

    async def post(self, url: str, form: Mapping[str, str], basic: str = "") -> tuple[int, bytes]:
        """Status and content; `basic` goes into the Authorization header."""


@dataclass(frozen=True)
class OpenId:
    """One provider. Its description and keys are read at each login, so that keys that were changed count at once."""

    settings: OidcSettings
    secret: str = field(repr=False)
    web: Web
    now: Callable[[], datetime]

    async def begin(self, redirect: str, state: str) -> Begun:
        """Where the browser goes, with what only this login can come back with."""
        about = await self._about()
        nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect,
            "scope": " ".join(self.settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        where = about.authorization
        url = f"{where}{'&' if urlsplit(where).query else '?'}{urlencode(asked)}"
        return Begun(url, {"nonce": nonce, "verifier": verifier, "redirect": redirect})

    async def complete(self, kept: Mapping[str, str], code: str, issuer: str) -> Proved:
        """Whom the code proves."""
        about = await self._about()
        # RFC 9207: a code of one provider must not be shown to another.
        if (issuer and issuer != about.issuer) or (about.says_issuer and not issuer):
            raise _refused("the answer is another provider's")
        answer = await self._exchanged(about, kept, code)
        try:
            said = checked(
                str(answer.get("id_token") or ""),
                await self._keys(about),
                issuer=about.issuer,
                client_id=self.settings.client_id,
                nonce=kept["nonce"],
                now=self.now(),
            )
        except TokenRefused as refusal:
            raise _refused(str(refusal)) from None
        return self._proved({**await self._more(about, said, answer), **said})

    async def test(self) -> str:
        """Whether it describes itself, and has keys that are understood."""
        about = await self._about()
        count = len((await self._keys(about)).get("keys", ()))
        return f"{about.issuer} answers, with {count} {'key' if count == 1 else 'keys'}"

    async def _exchanged(self, about: _About, kept: Mapping[str, str], code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": kept["redirect"],
            "code_verifier": kept["verifier"],
        }
        basic = ""
        if self.secret and about.takes_basic:
            pair = f"{quote(self.settings.client_id, safe='')}:{quote(self.secret, safe='')}"
            basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.settings.client_id, **({"client_secret": self.secret} if self.secret else {})}
        status, content = await self.web.post(about.token, form, basic)
        answer = _object(content, "the answer to the code")
        if status != 200:
            raise _refused(f"it takes the code not: {status} {str(answer.get('error', ''))[:100]}")
        return answer

    async def _more(self, about: _About, said: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
        """What it tells of somebody besides, where the token does not say all."""
        wanted = (self.settings.name_claim, self.settings.groups_claim)
        bearer = answer.get("access_token")
        if all(claim in said for claim in wanted) or not about.userinfo or not isinstance(bearer, str):
            return {}
        status, content = await self.web.get(about.userinfo, bearer)
        if status != 200:
            return {}
        told = _object(content, "what it tells of a user")
        if told.get("sub") != said["sub"]:
            raise _refused("it tells of another user")
        return told

    def _proved(self, told: Mapping[str, Any]) -> Proved:
        name, email = told.get(self.settings.name_claim), told.get("email")
        if not isinstance(name, str) or not name:
            raise _refused(f"it tells no {self.settings.name_claim}")
        if self.settings.name_claim == "email" and told.get("email_verified") is not True:
            raise _refused("the e-mail address is not verified there: it may be anybody's")
        groups = told.get(self.settings.groups_claim)
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return Proved(
            external_id=f"{self.settings.issuer} {told['sub']}",
            name=name,
            display_name=str(told.get("name") or ""),
            email=email if isinstance(email, str) else "",
            groups=tuple(group for group in listed if isinstance(group, str)),
        )

    async def _about(self) -> _About:
        url = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        status, content = await self.web.get(url)
        if status != 200:
            raise ProviderUnreachable(f"{url} answers {status}", hint="the issuer is the URL before /.well-known")
        about = _object(content, url)
        if about.get("issuer") != self.settings.issuer:
            raise ProviderUnreachable(
                f"{url} is another issuer's", hint=f"it calls itself {str(about.get('issuer'))[:200]}"
            )
        return _About.of(about)

    async def _keys(self, about: _About) -> dict[str, Any]:
        status, content = await self.web.get(about.keys)
        if status != 200:
            raise ProviderUnreachable(f"{about.keys} answers {status}")
        return _object(content, about.keys)


@dataclass(frozen=True)
class _About:
    """What a provider says of itself."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    takes_basic: bool
    says_issuer: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> _About:
        methods = told.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return cls(
            issuer=str(told["issuer"]),
            authorization=_endpoint(told, "authorization_endpoint"),
            token=_endpoint(told, "token_endpoint"),
            keys=_endpoint(told, "jwks_uri"),
            userinfo=_endpoint(told, "userinfo_endpoint") if told.get("userinfo_endpoint") else "",
            takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
            says_issuer=told.get("authorization_response_iss_parameter_supported") is True,
        )


def _endpoint(told: Mapping[str, Any], name: str) -> str:
    """A URL of the provider, which nobody between may read or change."""
    url = told.get(name)
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        parts = None
    fits = parts is not None and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
    if not fits or parts is None or not parts.hostname or parts.fragment:
        raise ProviderUnreachable(f"the provider's {name} is no https URL")
    return str(url)


def _object(content: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProviderUnreachable(f"{what} is no JSON object")
    return found


def _refused(why: str) -> LoginFailed:
    """Somebody who tries things out learns nothing; an admin reads it in the log."""
    _log.warning("a login by OpenID was refused", why=why)
    return LoginFailed("the provider's answer does not count", hint="begin again; the server's log says why")
