"""What browsers and identity providers ask of this server for SAML, in the forms that SAML has for it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request, Response

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions.saml_answer import SamlAnswerRequest, saml_answer
from proxmox_mpc.errors import InvalidInput, MpcError, error_of, problem_of
from proxmox_mpc.interfaces.api import problems
from proxmox_mpc.interfaces.api.identity import nobody
from proxmox_mpc.people.saml import ANSWER_PATH, ENTITY_PATH, own_metadata

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background

router = APIRouter(include_in_schema=False)
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Proxmox-MPC</title>
<body style="font-family: sans-serif; margin: 4em"><h1>Not logged in</h1><p>{text}</p><p>{hint}</p></body></html>"""


@router.get(ENTITY_PATH)
async def metadata(request: Request) -> Response:
    """This server, as an identity provider wants it described."""
    background: Background = request.app.state.background
    content = own_metadata(background.settings.server.shown_url)
    return Response(content, media_type="application/samlmetadata+xml")


@router.post(ANSWER_PATH)
async def acs(request: Request, who: Annotated[Who, Depends(nobody)]) -> Response:
    """The assertion consumer service: a browser's form goes on as a redirect to where the login began."""
    background: Background = request.app.state.background
    try:
        form = parse_qs((await request.body()).decode("ascii", "replace"), max_num_fields=20)
        asked = SamlAnswerRequest(state=form.get("RelayState", [""])[0], response=form.get("SAMLResponse", [""])[0])
    except ValueError:
        return _page(InvalidInput("this is no answer of an identity provider", hint="log in again"))
    try:
        async with background.session(who, "") as session:
            result = await saml_answer(session, asked)
    except Exception as error:  # a person looks at this
        problems.answer(error)  # a fault of ours is in the log
        return _page(error_of(problem_of(error)))
    return Response(status_code=303, headers={"Location": result.url, "Cache-Control": "no-store"})


def _page(error: MpcError) -> Response:
    page = _PAGE.format(text=html.escape(error.message), hint=html.escape(error.hint or ""))
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(page, status_code=error.http_status, media_type="text/html", headers=headers)
