"""The pipeline: a request becomes a call, the call an answer, the answer JSON.

route → authenticate → CSRF → parameters → permissions → node → validation → answer. Permissions come before
validation and the node before both, as in PVE (perm-none, http-paths, 9.1).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections import deque
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from proxmox_mpc.simulator import _body, _control, _formats, _permissions, _returns, _tickets
from proxmox_mpc.simulator._call import Call, PlainText, Socket, Upload
from proxmox_mpc.simulator._errors import ApiError, die, refuse, unauthorized
from proxmox_mpc.simulator._faults import Faults
from proxmox_mpc.simulator._routes import Method, Routes
from proxmox_mpc.simulator.state.cluster import Cluster

log = logging.getLogger("proxmox_mpc.simulator")

_VERBS = frozenset({"GET", "POST", "PUT", "DELETE"})

# What a node does by itself: log-ins, stopping guests, consoles, its own settings and packages. All else needs the
# others' consent.
_NEEDS_NO_QUORUM = re.compile(
    r"^/access/(ticket|vncticket|openid/auth-url)$|/status/(stop|shutdown|reset|suspend|resume|reboot)$|/(vnc|term|spice)\w+$"
    r"|/agent|/execute$|^/nodes/\{node\}/(tasks|network|dns|time|services|status|hosts|scan|apt|subscription|wakeonlan)(/|$)"
)

# Clients take 8190 bytes as a status line, and a letter can become eight; the body tells all.
_LONGEST_PHRASE = 1000

# How many requests are remembered for tests and curious people.
_REMEMBERED = 20_000


class Requests(deque[tuple[str, str]]):
    """The latest requests as (method, path below /api2/json), oldest first; `total` counts all of them."""

    def __init__(self) -> None:
        super().__init__(maxlen=_REMEMBERED)
        self.total = 0

    def note(self, method: str, path: str) -> None:
        self.total += 1
        self.append((method, path))


class Api:
    """Answers HTTP requests for one cluster."""

    def __init__(self, cluster: Cluster, routes: Routes, faults: Faults) -> None:
        self.cluster = cluster
        self.routes = routes
        self.faults = faults
        self.requests = Requests()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        verb, raw = request.method, request.rel_url.raw_path
        if raw == _control.PATH:
            return await _control.handle(request, self.faults)
        if raw == _control.WORK:
            return _control.work(request, self.cluster)
        if verb not in _VERBS:
            return _plain(501, f"method '{verb}' not available", "")
        shape, path, refused = _split(raw)
        if refused is not None:
            return refused
        self.requests.note(verb, path)
        if fault := self.faults.take(verb, path):
            if fault.delay_s:
                await asyncio.sleep(fault.delay_s)
            if fault.status == 0:
                if fault.done:
                    await self._carry_out(request, verb, path, shape)
                if request.transport:
                    request.transport.abort()
                return web.Response()
            if fault.status is not None:
                return _plain(fault.status, fault.reason, "")
        return await self._carry_out(request, verb, path, shape)

    async def _carry_out(self, request: web.BaseRequest, verb: str, path: str, shape: str) -> web.StreamResponse:
        try:
            call = await self._prepare(request, verb, path)
            data = self._answer(call)
            if inspect.isawaitable(data):
                data = await data
        except _body.PlainError as error:
            return _plain(error.status, error.reason, error.text)
        except ApiError as error:
            return _failure(error, shape)
        except Exception as error:
            log.exception("%s %s", verb, path)
            return _failure(ApiError(500, f"simulator: {type(error).__name__}: {error}\n"), shape)
        if verb != "GET":
            self.cluster.note_change()
        if isinstance(data, PlainText):
            return web.Response(body=data.text.encode(), headers={"Content-Type": "text/plain"})
        if isinstance(data, Socket):
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await _serve_socket(request, data)
            data = data.data
        body = {"data": data, **call.beside}
        if shape in _formats.TELLS_SUCCESS:
            body["success"] = 1
        return _written(200, shape, body)

    async def _prepare(self, request: web.BaseRequest, verb: str, path: str) -> Call:
        found = self.routes.find(verb, path)
        content_type = request.headers.get("Content-Type", "")
        is_upload = content_type.startswith("multipart/form-data")
        user = self._authenticate(request, verb, found[0] if found else None, is_upload)
        if found is None:
            raise ApiError(501, f"Method '{verb} {path}' not implemented")
        method, variables = found
        body = await _read(request, unlimited=method.path.endswith("/upload")) if request.can_read_body else b""
        params, upload = _body.read(verb, request.rel_url.raw_query_string, content_type, body)
        if is_upload and upload is None:
            complaint = "upload failed at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 1370."
            raise _body.PlainError(500, complaint, f"{complaint}\n")
        for name, value in variables.items():
            if name in params and params[name] != value:
                refuse({name: "duplicate parameter (already defined in URI) with conflicting values!"})
            params[name] = value
        if "!" in user and not method.token_allowed:
            shown = f"URI '{path}' not available with API token, need proper ticket.\n"
            raise ApiError(403, f"Permission check failed ({shown})\n")
        call = Call(self.cluster, self.routes, method, params, user, upload)
        _permissions.check_method(call)
        if method.proxied and "node" in params:
            self.cluster.reach(params["node"])
        normalize(method, params, upload)
        if errors := method.parameters.check(params):
            refuse(errors)
        if verb != "GET" and not self.cluster.is_quorate and not _NEEDS_NO_QUORUM.search(method.path):
            die("cluster not ready - no quorum?")
        return call

    def _authenticate(self, request: web.BaseRequest, verb: str, method: Method | None, is_upload: bool) -> str:
        if method is not None and method.is_open:
            return ""
        headers = request.headers
        caller = _tickets.identify(self.cluster, headers.get("Cookie", ""), headers.get("Authorization", ""))
        if verb == "GET" or caller.by_token or is_upload:
            return caller.user
        if not _tickets.is_csrf(self.cluster, caller.user, headers.get("CSRFPreventionToken", "")):
            unauthorized("Permission denied - invalid csrf token")
        return caller.user

    def _answer(self, call: Call) -> Any:
        if call.method.answer is not None:
            return call.method.answer(call)
        if call.method.verb == "GET":
            return _returns.plausible(call)
        return _returns.unwritten(call)


async def _read(request: web.BaseRequest, *, unlimited: bool) -> bytes:
    """The body; no more of one that is too large than shows that it is, for it may come from anybody."""
    if unlimited:
        return await request.read()
    body = bytearray()
    async for part in request.content.iter_any():
        body += part
        if len(body) > _body.LARGEST:
            break
    return bytes(body)


def _split(raw: str) -> tuple[str, str, web.Response | None]:
    """`/api2/{format}/…` → the format, the path below, or the answer to a path that is not the API's."""
    parts = raw.split("/", 3)
    if raw.rstrip("/") == "/api2":
        return "", "", _plain(501, "no such uri", "no such uri")
    if len(parts) < 3 or parts[1] != "api2":
        return "", "", _plain(500, f"no such file '{raw}'", f"no such file '{raw}'\n")
    below = "/" + "/".join(p for p in unquote(parts[3] if len(parts) > 3 else "").split("/") if p)
    if parts[2] not in _formats.FORMATS:
        text = f"no formatter for uri {below}, {parts[2]}"
        return "", "", _plain(501, text, text)
    return parts[2], below, None


def normalize(method: Method, params: dict[str, Any], upload: Upload | None) -> None:
    """Lists become lists where the API has arrays, and text where it does not."""
    for name, value in params.items():
        if method.parameters.is_list(name):
            if isinstance(value, str):
                params[name] = value.split("\0")
        elif isinstance(value, list):
            params[name] = ",".join(map(str, value))
    if upload is not None:
        params["filename"] = upload.filename
        params.setdefault("tmpfilename", "/var/tmp/pveupload-0123456789abcdef0123456789abcdef")  # noqa: S108


async def _serve_socket(request: web.BaseRequest, found: Socket) -> web.StreamResponse:
    # PVE's own pages ask for this subprotocol; whoever asks for none gets none.
    socket = web.WebSocketResponse(protocols=("binary",))
    await socket.prepare(request)
    try:
        await found.serve(socket)
    finally:
        await socket.close()
    return socket


class _Untyped(web.Response):
    """PVE's plain answers have no content type; aiohttp would add one."""

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Content-Type", None)


def _plain(status: int, reason: str, text: str) -> web.Response:
    response = _Untyped(status=status, reason=_phrase(reason), body=text.encode())
    response.force_close()
    return response


def _phrase(reason: str) -> str:
    """HTTP wants Latin-1 on one line; PVE sends UTF-8 bytes, which read back the same."""
    line = re.sub(r"[\x00-\x1f\x7f]", " ", reason.partition("\n")[0])
    return line[:_LONGEST_PHRASE].encode().decode("latin-1") or "unknown error"


def _written(status: int, shape: str, body: dict[str, Any], reason: str | None = None) -> web.Response:
    content_type, write = _formats.FORMATS[shape]
    return web.Response(status=status, reason=reason, body=write(body).encode(), headers={"Content-Type": content_type})


def _failure(error: ApiError, shape: str) -> web.Response:
    if error.bare:
        return _plain(error.status, error.reason, "")
    body: dict[str, Any] = {"data": None, "message": error.message}
    if error.errors is not None:
        body["errors"] = error.errors
    if shape in _formats.TELLS_SUCCESS:
        # Errors that carry their own code show it as text, everything else as a number (http-paths, 9.1).
        body |= {"success": 0, "status": str(error.status) if error.status in (400, 401, 403) else error.status}
        return _written(200, shape, body)
    response = _written(error.status, shape, body, _phrase(error.reason))
    response.force_close()
    return response
