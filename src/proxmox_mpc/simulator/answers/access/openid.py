"""/access/openid: logging in at an OpenID provider, for real if it is on this machine; no other is reached."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from proxmox_mpc.simulator import _tickets
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError, die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.access import _id_token, ticket
from proxmox_mpc.simulator.answers.storage import _fetch
from proxmox_mpc.simulator.state.access import Group, User
from proxmox_mpc.simulator.state.cluster import Login

_PATH = "/access/openid"
# A log-in that somebody began must end within this time.
_PATIENCE_S = 600
# The claims that a realm may take its users' names from, by its own words for them.
_CLAIMS = {"subject": "sub", "username": "preferred_username", "email": "email"}


@answers("GET", _PATH)
def index(call: Call) -> Any:
    return [{"subdir": "auth-url"}, {"subdir": "login"}]


def _realm(call: Call, name: str) -> Mapping[str, str]:
    realm = call.cluster.access.realms.get(name)
    if realm is None:
        die(f"authentication domain '{name}' does not exist")
    if realm["type"] != "openid":
        die(f"wrong realm type ({realm['type']} != openid)")
    if not _fetch.is_local(realm["issuer-url"]):
        die("no openid")
    return realm


async def _json(method: str, url: str, form: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    try:
        async with _fetch.request(method, url, form=form) as answer:
            found = await answer.json(content_type=None)
    except (_fetch.FetchError, ValueError) as error:
        die(f"OpenID provider at {_fetch.place(url)}: {error}")
    if not isinstance(found, dict):
        die(f"OpenID provider at {_fetch.place(url)}: its answer is not an object")
    return found


async def _discover(realm: Mapping[str, str]) -> Mapping[str, Any]:
    issuer = realm["issuer-url"]
    found = await _json("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    needed = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}
    if not needed <= found.keys() or not all(isinstance(found[name], str) for name in needed):
        die(f"OpenID provider at {_fetch.place(issuer)}: incomplete configuration")
    if found["issuer"].rstrip("/") != issuer.rstrip("/"):
        die(f"OpenID provider at {_fetch.place(issuer)}: unexpected issuer '{found['issuer']}'")
    return found


@answers("POST", f"{_PATH}/auth-url")
async def authorization_url(call: Call) -> str:
    """Where a browser is sent to log in; it comes back to `redirect-url` with a code and the state."""
    realm = _realm(call, call.text("realm"))
    found = await _discover(realm)
    state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    now, logins = call.cluster.now(), call.cluster.logins
    for old in [key for key, login in logins.items() if now - login.begun > _PATIENCE_S]:
        del logins[old]
    logins[state] = Login(call.text("realm"), call.text("redirect-url"), nonce, now)
    asked = {
        "response_type": "code", "client_id": realm["client-id"], "redirect_uri": call.text("redirect-url"),
        "scope": " ".join(dict.fromkeys(["openid", *realm.get("scopes", "email profile").split()])),
        "state": state, "nonce": nonce,
    }  # fmt: skip
    asked |= {"prompt": realm["prompt"]} if "prompt" in realm else {}
    asked |= {"acr_values": realm["acr-values"]} if "acr-values" in realm else {}
    return f"{found['authorization_endpoint']}?{urlencode(asked)}"


@answers("POST", f"{_PATH}/login")
async def login(call: Call) -> Any:
    """The code for a ticket. Whatever is wrong with it, the answer is 401; the log of the simulator says what."""
    begun = call.cluster.logins.pop(call.text("state"), None)
    if begun is None or call.cluster.now() - begun.begun > _PATIENCE_S or begun.redirect != call.text("redirect-url"):
        raise ApiError(401, "authentication failure\n")
    realm = _realm(call, begun.realm)
    found = await _discover(realm)
    form = {
        "grant_type": "authorization_code", "code": call.text("code"), "redirect_uri": begun.redirect,
        "client_id": realm["client-id"], "client_secret": realm.get("client-key", ""),
    }  # fmt: skip
    tokens, keys = await _json("POST", found["token_endpoint"], form), await _json("GET", found["jwks_uri"])
    try:
        claims = _id_token.verify(
            str(tokens.get("id_token", "")), keys, issuer=found["issuer"], audience=realm["client-id"],
            nonce=begun.nonce, now=call.cluster.now(),
        )  # fmt: skip
        user = _user(call, begun.realm, realm, claims)
    except _id_token.InvalidIdToken as error:
        raise ApiError(401, "authentication failure\n") from error
    return ticket.session(call, user)


def _user(call: Call, name: str, realm: Mapping[str, str], claims: Mapping[str, Any]) -> str:
    """The user whom the claims name; made if the realm says so."""
    claim = realm.get("username-claim", "subject")
    found = claims.get(_CLAIMS.get(claim, claim))
    if not isinstance(found, str) or not re.fullmatch(r"[^\s:/]{1,60}", found):
        raise _id_token.InvalidIdToken(f"no usable claim '{claim}'")
    user, users = f"{found}@{name}", call.cluster.access.users
    if user not in users:
        if realm.get("autocreate") != "1":
            raise _id_token.InvalidIdToken(f"no such user '{user}'")
        texts = {"email": "email", "firstname": "given_name", "lastname": "family_name"}
        users[user] = User(fields={k: str(claims[c]) for k, c in texts.items() if claims.get(c)})
    if not _tickets.is_active(call.cluster, user):
        raise _id_token.InvalidIdToken(f"user '{user}' is disabled")
    _join_groups(call, name, realm, claims, user)
    return user


def _join_groups(call: Call, name: str, realm: Mapping[str, str], claims: Mapping[str, Any], user: str) -> None:
    """Groups of the provider are called `GROUP-REALM` here."""
    listed = claims.get(realm.get("groups-claim", ""))
    if not isinstance(listed, list):
        return
    wanted, groups = {f"{group}-{name}" for group in listed if isinstance(group, str)}, call.cluster.access.groups
    if realm.get("groups-autocreate") == "1":
        for missing in sorted(wanted - groups.keys()):
            groups[missing] = Group()
    for group_name, group in groups.items():
        if group_name in wanted and user not in group.members:
            group.members.append(user)
        elif group_name not in wanted and user in group.members and realm.get("groups-overwrite") == "1":
            group.members.remove(user)
