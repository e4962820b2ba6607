"""URLs as Go's net/url takes them apart and puts them together (Go 1.26)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes, go_text
from proxmox_mpc.charts.language.quoting import quote

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")
_HOST = _UNRESERVED | frozenset(b"!$&'()*+,;=:[]<>\"")
# What stands unescaped in the parts of a URL.
PLAIN = {
    "path": _UNRESERVED | frozenset(b"$&+,/:;=@"),
    "user": _UNRESERVED | frozenset(b"$&+,;="),
    "fragment": _UNRESERVED | frozenset(b"$&+,/:;=?@!()*"),
    "host": _HOST,
    "zone": _HOST,
}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_USERINFO = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*\Z")
_PORT = re.compile(r"(?::[0-9]*)?\Z")


@dataclass(frozen=True, slots=True)
class Url:
    scheme: str = ""
    opaque: str = ""
    user: tuple[str, str | None] | None = None
    host: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""
    without_host: bool = False
    bare_query: bool = False

    @property
    def userinfo(self) -> str:
        if self.user is None:
            return ""
        name, password = self.user
        return escaped(name, "user") + ("" if password is None else ":" + escaped(password, "user"))

    @property
    def hostname(self) -> str:
        """The host without its port, and without the brackets of an IPv6 address."""
        if self.host.startswith("[") and "]" in self.host:
            return self.host[1 : self.host.index("]")]
        return self.host.partition(":")[0]

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        if self.opaque:
            text += self.opaque
        else:
            text += self._authority()
            path = escaped(self.path, "path") if self.path != "*" else "*"
            if path and path[0] != "/" and self.host:
                text += "/"
            if not text and ":" in path.partition("/")[0]:
                text = "./"  # or the first segment would be read as a scheme
            text += path
        if self.query or self.bare_query:
            text += f"?{self.query}"
        return text + (f"#{escaped(self.fragment, 'fragment')}" if self.fragment else "")

    def _authority(self) -> str:
        if not (self.scheme or self.host or self.user is not None):
            return ""
        if self.without_host and not self.host and self.user is None:
            return ""
        slashes = "//" if self.host or self.path or self.user is not None else ""
        return slashes + (f"{self.userinfo}@" if self.user is not None else "") + escaped(self.host, "host")


def escaped(text: str, part: str) -> str:
    plain = PLAIN[part]
    return "".join([chr(byte) if byte in plain else f"%{byte:02X}" for byte in go_bytes(text)])


def unescaped(text: str, part: str) -> str:
    """A part of a URL without its escapes; raises GoError."""
    raw = go_bytes(text)
    in_host = part in ("host", "zone")
    if not in_host and b"%" not in raw:
        return text
    result = bytearray()
    at = 0
    while at < len(raw):
        byte = raw[at]
        if byte == ord("%"):
            escape = raw[at : at + 3]
            if not re.fullmatch(rb"%[0-9a-fA-F]{2}", escape):
                raise GoError(f"invalid URL escape {quote(go_text(escape))}")
            code = int(escape[1:], 16)
            if part == "host" and code < 0x80 and escape != b"%25":
                raise GoError(f"invalid URL escape {quote(go_text(escape))}")
            if part == "zone" and escape != b"%25" and code != 0x20 and code < 0x80 and code not in _HOST:
                raise GoError(f"invalid URL escape {quote(go_text(escape))}")
            result.append(code)
            at += 3
            continue
        if in_host and byte < 0x80 and byte not in _HOST:
            raise GoError(f"invalid character {quote(chr(byte))} in host name")
        result.append(byte)
        at += 1
    return go_text(bytes(result))


def parse_url(text: str) -> Url:
    """The parts of a URL; raises GoError with Go's words."""
    address, _, fragment = text.partition("#")
    try:
        url = _parsed(address)
    except GoError as error:
        raise GoError(f"parse {quote(address)}: {error}") from None
    try:
        return replace(url, fragment=unescaped(fragment, "fragment"))
    except GoError as error:
        raise GoError(f"parse {quote(text)}: {error}") from None


def _parsed(text: str) -> Url:
    if re.search("[\x00-\x1f\x7f]", text):
        raise GoError("net/url: invalid control character in URL")
    if text == "*":
        return Url(path="*")
    if text.startswith(":"):
        raise GoError("missing protocol scheme")
    found = _SCHEME.match(text)
    scheme, rest = (found.group(1).lower(), text[found.end() :]) if found else ("", text)
    bare_query = rest.endswith("?") and rest.count("?") == 1
    rest, _, query = rest.partition("?")
    url = Url(scheme, query=query, bare_query=bare_query)
    if not rest.startswith("/"):
        if scheme:
            return replace(url, opaque=rest)
        if ":" in rest.partition("/")[0]:
            raise GoError("first path segment in URL cannot contain colon")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, rest = rest[2:].partition("/")
        user, host = _authority(authority)
        return replace(url, user=user, host=host, path=unescaped(slash + rest, "path"))
    return replace(url, without_host=bool(scheme) and rest.startswith("/"), path=unescaped(rest, "path"))


def _authority(text: str) -> tuple[tuple[str, str | None] | None, str]:
    userinfo, at, host = text.rpartition("@")
    host = _host(host)
    if not at:
        return None, host
    if not _USERINFO.match(userinfo):
        raise GoError("net/url: invalid userinfo")
    name, colon, password = userinfo.partition(":")
    return (unescaped(name, "user"), unescaped(password, "user") if colon else None), host


def _host(text: str) -> str:
    if text.startswith("["):
        end = text.rfind("]")
        if end < 0:
            raise GoError("missing ']' in host")
        _check_port(text[end + 1 :])
        zone = text.find("%25", 0, end)
        if zone >= 0:
            return unescaped(text[:zone], "host") + unescaped(text[zone:end], "zone") + unescaped(text[end:], "host")
    elif ":" in text:
        _check_port(text[text.find(":") :])
    return unescaped(text, "host")


def _check_port(text: str) -> None:
    if not _PORT.match(text):
        raise GoError(f"invalid port {quote(text)} after host")
