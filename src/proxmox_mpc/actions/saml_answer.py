"""Take the answer that a browser brings from an identity provider."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._logins import record_login
from proxmox_mpc.actions._providers import answering, find_provider
from proxmox_mpc.actions._session import Session
from proxmox_mpc.people.errors import LoginFailed


class SamlAnswerRequest(Request):
    """The form that the browser brings."""

    state: str = Field(description="RelayState: the state of the login.", min_length=1, max_length=200, repr=False)
    response: str = Field(
        description="SAMLResponse: the response, in base64.", min_length=1, max_length=60_000, repr=False
    )


class SamlAnswerResult(Result):
    """Where the browser goes on: to where the login began, with its state and a code, or with an error."""

    url: str = Field(repr=False)


@action(permission="sessions:write", route="POST /auth/saml/answer", scope="public")
async def saml_answer(session: Session, request: SamlAnswerRequest) -> SamlAnswerResult:
    """Take the answer of an identity provider (SAML) to a login that was begun here, once."""
    store = await session.store()
    pending = await store.pending_logins.take(request.state) if request.state.isprintable() else None
    # A login that was answered is taken up with its code, not with an answer once more.
    if pending is None or "asked" not in pending.content["kept"]:
        raise LoginFailed("this login was not begun here, was answered already, or is over", hint="begin again")
    back = {"state": request.state}
    try:
        provider = await find_provider(store, pending.provider, browser=True)
        if provider.type != "saml":
            raise LoginFailed("the provider was changed meanwhile", hint="begin again")
        with answering(provider):
            opened = await session.open_provider(provider)
            kept, back["code"] = await opened.answered(pending.content["kept"], request.response)
    except LoginFailed as refusal:
        await record_login(session, "", refusal.code, "saml_answer", provider=pending.provider)
        back |= {"error": "access_denied", "error_description": refusal.message}
    else:
        await store.pending_logins.begin(replace(pending, content={**pending.content, "kept": kept}))
    return SamlAnswerResult(url=f"{pending.content['kept']['redirect']}?{urlencode(back)}")
