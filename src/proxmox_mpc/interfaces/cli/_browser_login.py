"""Logging in by a browser: it comes back to this machine, to a port that only this command listens to (RFC 8252)."""

from __future__ import annotations

import hmac
import time
import webbrowser
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from proxmox_mpc.bootstrap import keep_login
from proxmox_mpc.bootstrap.remote import Asking
from proxmox_mpc.bootstrap.servers import Known, login_of
from proxmox_mpc.interfaces.cli._login import LOOPBACK, ask
from proxmox_mpc.people.errors import LoginFailed

_PATH = "/callback"
_ONE_REQUEST_S = 5
"""How long a browser may take to send its request: another one may be waiting."""
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Proxmox-MPC</title>
<body style="font-family: sans-serif; margin: 4em"><h1>{title}</h1><p>{text}</p></body></html>"""


def by_browser(server: Known, provider: str, *, open_it: bool) -> str:
    """Log in by a provider; the user's name. Raises LoginFailed."""
    with Listener() as listener:
        body = {"provider": provider, "redirect": listener.url}
        begun = ask(server, "", lambda it: it.ask_openly(Asking("POST", "/auth/sso/begin", {}, body)))
        url = str(begun["url"])
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise LoginFailed("the server names no URL that a browser should open")
        click.echo(f"Log in with your browser, on this machine:\n\n  {url}\n", err=True)
        if open_it:
            webbrowser.open(url)
        came = listener.wait(str(begun["state"]), float(begun["expiresInS"]))
    given = {"state": begun["state"], "binding": begun["binding"], "client": "proxmox-cli", **came}
    answer = ask(server, "", lambda it: it.ask_openly(Asking("POST", "/auth/sso/complete", {}, given)))
    keep_login(server, str(answer["user"]), login_of(answer, time.time()))
    return str(answer["user"])


class Listener:
    """Waits on loopback for the browser."""

    def __init__(self) -> None:
        self._server = _Quiet(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}{_PATH}"

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.server_close()

    def wait(self, state: str, seconds: float) -> dict[str, str]:
        """What the browser came back with, for this state; others are sent away. Raises LoginFailed."""
        end = time.monotonic() + seconds
        came: dict[str, str] = {}
        self._server.RequestHandlerClass = type("_Waiting", (_Handler,), {"state": state, "came": came})
        while not came:
            self._server.timeout = end - time.monotonic()
            if self._server.timeout <= 0:
                raise LoginFailed("nobody came back from the browser", hint="log in again")
            self._server.handle_request()
        if "error" in came:
            told = "".join(letter for letter in came["error"] if letter.isprintable())[:200]
            raise LoginFailed(f"the provider refuses: {told}")
        return came


class _Quiet(HTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle, or a program that speaks something else: the next one may be ours."""


class _Handler(BaseHTTPRequestHandler):
    state = ""
    came: dict[str, str]
    timeout = _ONE_REQUEST_S

    def do_GET(self) -> None:
        try:
            parts = urlsplit(self.path)
            given = {name: values[0] for name, values in parse_qs(parts.query, max_num_fields=20).items()}
        except ValueError:
            self._answer(400, "Nothing here", "This is no request of a browser that comes back.")
            return
        state = given.get("state", "").encode("utf-8", "surrogatepass")
        if parts.path != _PATH or not self.state or not hmac.compare_digest(state, self.state.encode()):
            self._answer(404, "Nothing here", "This page is for a login that this machine has not begun.")
        elif "error" in given:
            self.came["error"] = given.get("error_description") or given["error"]
            self._answer(200, "Not logged in", "The provider refused. The terminal says why.")
        elif given.get("code"):
            self.came.update({name: given[name] for name in ("code", "iss") if name in given})
            self._answer(200, "Almost there", "You can close this page: the terminal goes on.")
        else:
            self._answer(400, "Not logged in", "There is no code.")

    def _answer(self, status: int, title: str, text: str) -> None:
        page = _PAGE.format(title=title, text=text).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *arguments: Any) -> None:
        """The terminal is for the login; what came holds its code."""
