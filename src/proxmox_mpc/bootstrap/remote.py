"""A session on a Proxmox-MPC server: each action is sent there over REST, and errors come back as they were raised."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from proxmox_mpc.actions._action import Action, Request, Result
from proxmox_mpc.actions._session import Session
from proxmox_mpc.engine.journal import Progress
from proxmox_mpc.errors import UnreachableError, error_of
from proxmox_mpc.kinds._kind import Key
from proxmox_mpc.telemetry import correlation

if TYPE_CHECKING:
    import aiohttp

_BRACES = re.compile(r"{(\w+)}")
FOLLOW_S = 20
"""Seconds for which the server holds an answer back while a job has nothing new to tell."""
PATIENCE_S = 120.0
"""How long an answer may take that is no job: the biggest plan of a slow cluster."""


class ServerUnreachable(UnreachableError):
    """The Proxmox-MPC server does not answer."""

    code = "server.unreachable"


class NotAServer(UnreachableError):
    """What answers there is no Proxmox-MPC server."""

    code = "server.unknown"


QUEUED_S = 2
"""The same, until it has begun: after so long, who waits is told that it has not."""
AWAY_S = 120.0
"""How long a server may be away while one of its jobs is followed: it drains, and begins anew."""
PAUSE_S = 1.0
"""Until it is asked again."""


@dataclass(frozen=True)
class Asking:
    """What a call needs: method, path below /api/v1, query and body."""

    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any] | None


def asking(action: Action[Any, Any], request: Request, context: str) -> Asking:
    """How an action is asked for: the counterpart of the API's routes, made of the same words."""
    from urllib.parse import quote

    method, _, path = action.route.partition(" ")
    in_path = set(_BRACES.findall(path))
    for name in in_path:
        path = path.replace(f"{{{name}}}", quote(str(getattr(request, name)), safe=""))
    # A request may be one of a richer kind: an apply's is also what its plan is asked for with.
    fields = set(action.request.outside_fields()) - in_path
    given = request.model_dump(mode="json", exclude_unset=True, by_alias=True, include=fields)
    query: dict[str, Any] = {"context": context} if context else {}
    if method in ("GET", "DELETE"):
        asked = {name: _word(value) for name, value in given.items() if value is not None}
        return Asking(method, path, query | asked, None)
    return Asking(method, path, query, given)


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return [str(one) for one in value] if isinstance(value, list) else str(value)


@dataclass
class Server:
    """A server and a login on it. `token` answers the access token, a fresh one where the last is over."""

    url: str
    http: aiohttp.ClientSession
    token: Callable[[bool], Any]
    context: str = ""
    jobs: list[str] = field(default_factory=list)

    async def carry_out(self, session: Session, action: Action[Any, Any], request: Any) -> Result:
        """Have the server do it. Raises what the action raises there, ServerUnreachable, NotAServer."""
        asked = asking(action, request, self.context)
        status, answer = await self.ask(asked)
        if status == 202 and action.long:
            answer = await self._followed(session, str(answer["id"]))
        result: Result = action.result.model_validate(answer)
        return result

    async def ask(self, asked: Asking) -> tuple[int, Any]:
        """The status and content of an answer; a login that is over is renewed once."""
        status, answer = await self._send(asked, fresh=False)
        if status == 401 and answer.get("code") != "auth.login-failed":
            status, answer = await self._send(asked, fresh=True)
        if status >= 400:
            raise error_of({"status": status, **answer})
        return status, answer

    async def ask_openly(self, asked: Asking) -> Any:
        """What the server answers to somebody who is not logged in."""
        status, answer = await self._exchange(asked, "")
        if status >= 400:
            raise error_of({"status": status, **answer})
        return answer

    async def _send(self, asked: Asking, *, fresh: bool) -> tuple[int, Any]:
        return await self._exchange(asked, await self.token(fresh))

    async def _exchange(self, asked: Asking, token: str) -> tuple[int, Any]:
        import aiohttp

        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if (known := correlation()) != "":
            headers["X-Correlation-ID"] = known
        try:
            async with self.http.request(
                asked.method,
                f"{self.url}/api/v1{asked.path}",
                params=asked.query,
                json=asked.body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=PATIENCE_S),
                allow_redirects=False,
            ) as answer:
                if not answer.content_type.endswith("json"):
                    raise NotAServer(
                        f"{self.url} answers {answer.status} without JSON: no Proxmox-MPC server, or a proxy before it"
                    )
                return answer.status, await answer.json(content_type=None)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            why = str(error) or type(error).__name__
            raise ServerUnreachable(
                f"{self.url} does not answer: {why}", hint="proxmox-cli config get-contexts"
            ) from None
        except ValueError:
            raise NotAServer(f"{self.url} answers what is no JSON") from None

    async def _followed(self, session: Session, job: str) -> Any:
        """The result of a job; what it tells until then goes to the session's report, a wish to stop to the job."""
        self.jobs.append(job)
        session.stop.left = f"the server goes on with job {job}: proxmox-cli job get {job}"
        stopping = asyncio.create_task(self._cancel_when_asked(session, job))
        try:
            with session.stop.listening():
                return await self._lines(session, job)
        finally:
            stopping.cancel()

    async def _lines(self, session: Session, job: str) -> Any:
        last, until, wait_s, told = 0, 0.0, 0, set[str]()
        loop = asyncio.get_running_loop()

        def remark(text: str) -> None:
            if text not in told:
                told.add(text)
                session.report(Progress(Key("job", "", job), "remark", text))

        while True:
            try:
                asked = {"after": str(last), "waitS": str(wait_s)}
                _, page = await self.ask(Asking("GET", f"/jobs/{job}/follow", asked, None))
            except (ServerUnreachable, NotAServer) as away:
                # It ends, or another version of it begins: the job goes on there, and is taken up again.
                until = until or loop.time() + AWAY_S
                remark("the server does not answer; the job is taken up again when it does")
                if loop.time() >= until:
                    away.hint = f"job {job} may go on without being seen: proxmox-cli job get {job}"
                    raise
                await asyncio.sleep(PAUSE_S)
                continue
            until = 0.0
            if page["job"]["state"] == "queued":
                if wait_s:
                    remark("waits until another job of the application has ended, or somebody is free")
                wait_s = QUEUED_S
            else:
                wait_s = FOLLOW_S
            for message in page["items"]:
                last = message["id"]
                if (progress := progress_of(message)) is not None:
                    session.report(progress)
            if page["job"]["state"] == "succeeded":
                return page["result"]
            if page["job"]["state"] in ("failed", "cancelled"):
                error = error_of(page["job"]["error"] or {})
                if page["job"]["state"] == "cancelled":
                    error.hint = error.hint or f"proxmox-cli job get {job} shows how far it got"
                raise error

    async def _cancel_when_asked(self, session: Session, job: str) -> None:
        await session.stop.wait()
        await self.ask(Asking("POST", f"/jobs/{job}/cancel", {}, {}))


def progress_of(message: Mapping[str, Any]) -> Progress | None:
    """What a job's message tells of its work, as the engine told it there."""
    from proxmox_mpc.engine.plan import Action as Step

    payload = message["payload"]
    try:
        key = Key(payload["kind"], payload.get("namespace", ""), payload["name"])
        told = {name: payload[name] for name in ("what", "text", "upid", "verb") if name in payload}
        seconds = float(payload.get("seconds", 0))
        return Progress(key, action=Step(payload.get("action", "none")), seconds=seconds, **told)
    except (KeyError, ValueError, TypeError):
        return None


@asynccontextmanager
async def connected(
    url: str, token: Callable[[bool], Any], context: str = "", *, ssl: Any = True
) -> AsyncIterator[Server]:
    """A server to ask, over connections that end with it."""
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=ssl)) as http:
        yield Server(url, http, token, context)
