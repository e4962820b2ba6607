"""The server: 200 clients that read at once, against a bare FastAPI route that answers the same bytes; 1,000 sockets.

All on one machine: server, simulated cluster, clients. Requests per second are measured in turns.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks._measure import Figure

CLIENTS = 200
SOCKETS, USERS = 1000, 5
GUESTS = 40
SECONDS = 4.0
ROUNDS = 3
LIGHT, READING = 25.0, 120.0
"""How many times as many requests the bare route may answer. It knows nobody: ours looks up in the database who asks
and what that one may (light); it asks the cluster, on the same two cores, and makes views of guests (reading)."""

_BARE = """\
import sys
import uvicorn
from fastapi import FastAPI, Response
body = open(sys.argv[1], "rb").read()
app = FastAPI()
@app.get("/bytes")
async def same() -> Response:
    return Response(body, media_type="application/json")
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_config=None, access_log=False)
"""


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="proxmox-mpc-bench-") as folder:
        yield from _measure(Path(folder))


def _measure(folder: Path) -> Iterator[Figure]:
    from tests.server.running import serving

    with _simulated() as cluster, serving(folder / "home", LOG_LEVEL="WARNING") as one:
        admin = one.admin()
        token_id, _, secret = cluster["token"].partition("=")
        login = {"tokenId": token_id, "tokenSecret": secret}
        one.call("PUT", "/api/v1/contexts/lab", {"endpoints": [cluster["url"]], **login, "use": True}, admin)
        token = one.call("POST", "/api/v1/tokens", {"name": "bench"}, admin)[1]["token"]
        cases = {
            "who I am": ("/api/v1/auth/me", LIGHT),
            f"{GUESTS} guests": ("/api/v1/resources/vm", READING),
        }
        for what, (path, most) in cases.items():
            errors: Counter[str] = Counter()
            ours, bare = asyncio.run(_in_turns(folder, one.url, path, token, errors))
            yield Figure(f"{what}: requests of {CLIENTS} clients that failed", sum(errors.values()), "errors", 0.5)
            yield Figure(f"{what}: the server", ours, "req/s")
            yield Figure(f"{what}: a bare FastAPI route with the same bytes", bare, "req/s")
            yield Figure(f"{what}: times as many as the server", bare / ours, "times", most)
        tokens = [_user(one, admin, number) for number in range(USERS)]
        heard, opened_s, told_s = asyncio.run(_sockets(one, admin, tokens))
        yield Figure(f"sockets of {SOCKETS} that did not hear the end of a job", SOCKETS - heard, "sockets", 0.5)
        yield Figure("to open them", opened_s, "s")
        yield Figure("from the end of the job until the last one had heard", told_s, "s")


async def _in_turns(folder: Path, url: str, path: str, token: str, errors: Counter[str]) -> tuple[float, float]:
    """The best requests per second of both: another process that is at work makes a turn slower, never faster."""
    import aiohttp

    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CLIENTS), headers=headers) as http:
        async with http.get(f"{url}{path}") as answer:
            assert answer.status == 200, await answer.text()
            (folder / "body").write_bytes(await answer.read())
        with _bare(folder / "body") as bare_url:
            ours, bare = [], []
            for _ in range(ROUNDS):
                ours.append(await _rate(http, f"{url}{path}", errors))
                bare.append(await _rate(http, f"{bare_url}/bytes", errors))
    return max(ours), max(bare)


async def _rate(http: Any, url: str, errors: Counter[str]) -> float:
    began, done = time.perf_counter(), 0

    async def client() -> None:
        nonlocal done
        while time.perf_counter() - began < SECONDS:
            try:
                async with http.get(url) as answer:
                    await answer.read()
                    if answer.status != 200:
                        errors[str(answer.status)] += 1
                    done += 1
            except Exception as error:
                errors[type(error).__name__] += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return done / (time.perf_counter() - began)


async def _sockets(one: Any, admin: str, tokens: list[str]) -> tuple[int, float, float]:
    """How many sockets heard the end of a job, how long it took to open them, and until the last one heard."""
    import socketio

    heard: list[float] = []
    job: dict[str, Any] = {}

    def listen(message: dict[str, Any]) -> None:
        if message["payload"].get("id") == job.get("id") and message["payload"].get("state") == "succeeded":
            heard.append(time.perf_counter())

    clients = [socketio.AsyncClient(reconnection=False) for _ in range(SOCKETS)]
    turn = asyncio.Semaphore(50)  # a thousand TLS-less handshakes at once would measure the clients' process alone

    async def connect(number: int, client: Any) -> None:
        client.on("message", listen)
        async with turn:
            await client.connect(
                one.url, auth={"token": tokens[number % USERS]}, transports=["websocket"], wait_timeout=30
            )
            answer = await client.call("subscribe", {"rooms": ["jobs"]}, timeout=30)
            assert answer["ok"], answer

    began = time.perf_counter()
    await asyncio.gather(*(connect(number, client) for number, client in enumerate(clients)))
    opened = time.perf_counter() - began
    status, made = await asyncio.to_thread(one.call, "POST", "/api/v1/snapshots/rotate", {"dryRun": True}, admin)
    assert status == 202, made
    job.update(made)
    while True:
        state = (await asyncio.to_thread(one.call, "GET", f"/api/v1/jobs/{made['id']}", None, admin))[1]["state"]
        if state in ("succeeded", "failed"):
            break
        await asyncio.sleep(0.02)
    ended = time.perf_counter()
    while len(heard) < SOCKETS and time.perf_counter() - ended < 30:  # noqa: ASYNC110  a thousand hear, each by itself
        await asyncio.sleep(0.02)
    await asyncio.gather(*(client.disconnect() for client in clients))
    return len(heard), opened, max([*heard, ended]) - ended


def _user(one: Any, admin: str, number: int) -> str:
    """A token of a user who may read."""
    name, password = f"reader-{number}", f"a-long-password-{number}-x"
    one.call("POST", "/api/v1/users", {"name": name, "password": password}, admin)
    one.call("POST", "/api/v1/grants", {"role": "viewer", "user": name}, admin)
    login = one.call("POST", "/api/v1/auth/login", {"name": name, "password": password})[1]
    if login["mustChangePassword"]:
        body = {"currentPassword": password, "newPassword": f"{password}-new"}
        login = one.call("POST", "/api/v1/auth/password", body, login["accessToken"])[1]
    return str(login["accessToken"])


@contextmanager
def _bare(body: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", _BARE, str(body), str(port)], env=os.environ)
    try:
        _until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _until_it_listens(port: int) -> None:
    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the bare route does not listen")


@contextmanager
def _simulated() -> Iterator[dict[str, Any]]:
    from tests.e2e.conftest import simulated

    with simulated("--guests", str(GUESTS)) as ready:
        yield ready
