"""Lists page by page: `limit` and `cursor`, the number of all of them, and the link to the next page (RFC 8288)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from pydantic import Field

from proxmox_mpc.actions._action import Action, Result
from proxmox_mpc.errors import UsageError

if TYPE_CHECKING:
    from starlette.datastructures import URL

ITEMS = "items"
"""The field of results in which lists stand."""
MOST = 1000
LIMIT: Any = Field(None, ge=1, le=MOST, description="Answer so many at most; all without it.")
CURSOR: Any = Field("", max_length=200, description="Go on here: from the Link to the next page.")


class CursorInvalid(UsageError):
    """This is no cursor of a list."""

    code = "page.invalid-cursor"
    default_hint = "take the Link header of the page before"


def is_list(action: Action[Any, Any]) -> bool:
    """Whether its result is paged here: not where the action itself takes a limit."""
    asked, answered = action.request.model_fields, action.result.model_fields
    return action.route.startswith("GET ") and ITEMS in answered and not {"limit", "cursor"} & set(asked)


def page(result: Result, limit: int | None, cursor: str, url: URL) -> tuple[Result, dict[str, str]]:
    """A part of a result, with what is told of the whole. Raises CursorInvalid."""
    items = getattr(result, ITEMS)
    start = _offset(cursor) if cursor else 0
    headers = {"X-Total-Count": str(len(items))}
    if limit is None and not start:
        return result, headers
    end = len(items) if limit is None else start + limit
    if end < len(items):
        following = url.include_query_params(cursor=_cursor(end))
        headers["Link"] = f'<{following.path}?{following.query}>; rel="next"'
    return result.model_copy(update={ITEMS: items[start:end]}), headers


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"after:{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str) -> int:
    try:
        word, _, number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        if word != "after" or not number.isdigit() or not number.isascii():
            raise ValueError
        return int(number)
    except (ValueError, binascii.Error):
        raise CursorInvalid() from None
