"""Functions on URLs."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.charts.functions.go_urls import Url, parse_url
from proxmox_mpc.charts.functions.lists import NIL_POINTER
from proxmox_mpc.charts.language.function import Functions, GoError
from proxmox_mpc.charts.language.go_types import kind_of

URLS = Functions()


@URLS.function("urlParse", takes="string")
def url_parse(text: str) -> dict[str, Any]:
    try:
        url = parse_url(text)
    except GoError as error:
        raise GoError(f"unable to parse url: {error}") from None
    return {
        "scheme": url.scheme,
        "host": url.host,
        "hostname": url.hostname,
        "path": url.path,
        "query": url.query,
        "opaque": url.opaque,
        "fragment": url.fragment,
        "userinfo": url.userinfo,
    }


@URLS.function("urlJoin", takes="map[string]interface {}")
def url_join(parts: dict[str, Any] | None) -> str:
    """The URL of parts as `urlParse` gives them; parts that are not there are empty."""
    names = ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")
    scheme, host, path, query, opaque, fragment, userinfo = [_part(parts or {}, name) for name in names]
    user = None
    if userinfo:
        try:
            user = parse_url(f"proto://{userinfo}@host").user
        except GoError as error:
            raise GoError(f"unable to parse userinfo in dict: {error}") from None
    return str(Url(scheme, opaque, user, host, path, query, fragment))


def _part(parts: dict[str, Any], name: str) -> str:
    value = parts.get(name, "")
    if value is None:
        raise GoError(NIL_POINTER)
    if type(value) is not str:
        raise GoError(f"unable to parse {name} key, must be of type string, but {kind_of(value)} found")
    return value
