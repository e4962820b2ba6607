"""A server as its users have it: a process of its own, or a thread of this one where many are needed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STARTS_WITHIN_S = 60


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Served:
    """A running server, with its first admin."""

    url: str
    process: subprocess.Popen[str]
    secret: str = field(repr=False)
    home: Path
    database: str = "SQLite"

    def call(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> tuple[int, Any]:
        """Status and content of an answer, asked by the standard library alone."""
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else None

    def admin(self) -> str:
        """An access token of the first admin, whose password was changed as it has to be."""
        status, login = self.call("POST", "/api/v1/auth/login", {"name": "admin", "password": self.secret})
        assert status == 200, login
        if not login["mustChangePassword"]:
            return str(login["accessToken"])
        new = f"{self.secret}-changed"
        body = {"currentPassword": self.secret, "newPassword": new}
        status, login = self.call("POST", "/api/v1/auth/password", body, login["accessToken"])
        assert status == 200, login
        self.secret = new
        return str(login["accessToken"])

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def serving(home: Path, *options: str, **environment: str) -> Iterator[Served]:
    """`proxmox-cli serve` on a free port, until the block ends."""
    home.mkdir(parents=True, exist_ok=True)
    port = environment.pop("SERVER_PORT", "") or str(free_port())
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PROXMOX_")}
    given = {"PROXMOX_MPC_HOME": str(home), "SERVER_PORT": port, "OUTBOUND_ALLOW": "127.0.0.1"}
    given |= {"ACCESS_TOKEN_EXPIRE_MINUTES": "600", **environment}  # tests share logins, also on a slow machine
    log = (home / "server.log").open("a")
    process = subprocess.Popen(
        [sys.executable, "-m", "proxmox_mpc.interfaces.api", *options],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={**kept, **given},
    )
    try:
        url = f"http://127.0.0.1:{port}"
        said = _until_it_serves(process, url, home)
        found = re.search(r"^  password +(\S+)", said, re.M)
        yield Served(url, process, found.group(1) if found else "", home)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.close()


def _until_it_serves(process: subprocess.Popen[str], url: str, home: Path) -> str:
    """What it said until it answered."""
    said: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        said.extend(process.stdout)

    threading.Thread(target=read, daemon=True).start()
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        assert process.poll() is None, (home / "server.log").read_text()[-3000:]
        if "Ctrl-C ends it.\n" in said:
            with urllib.request.urlopen(f"{url}/api/health", timeout=5):
                return "".join(said)
        time.sleep(0.02)
    raise AssertionError(f"the server did not start: {(home / 'server.log').read_text()[-3000:]}")
