"""The same commands elsewhere: by the command line on a server, and by bare REST.

`local` is the command line as it is. `remote` is the same, logged in to a server, where a user with a token of its own
works in a context of its own. `rest` shows what the command line shows, but each action is asked for by a client that
knows nothing but the server's OpenAPI document.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from proxmox_mpc.bootstrap import remote
from proxmox_mpc.errors import error_of
from tests.rest import WAIT, Document
from tests.server.running import Served, serving

if TYPE_CHECKING:
    from tests.e2e.conftest import Cli

WAYS = ("local", "remote", "rest")
SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
_numbers = itertools.count(1)


def ways(marker: pytest.Mark | None) -> tuple[str, ...]:
    """How tests run: those marked `everywhere` all ways, those marked `everywhere("soak")` where there is time."""
    return WAYS if marker is not None and (SOAK or "soak" not in marker.args) else WAYS[:1]


def only_here(cli: Cli, why: str) -> None:
    """Skip a test where it means nothing."""
    if cli.where != "local":
        pytest.skip(why)


@dataclass
class Team:
    """A server that all tests of a process share."""

    served: Served
    document: Document
    admin: str = field(repr=False)
    token: str = field(repr=False)

    def ask(self, id: str, /, **given: Any) -> Any:
        reply = self.document.ask(id, given, self.admin)
        assert reply.ok, reply.text
        return reply.json


@pytest.fixture(scope="session")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """The server, and a token of somebody who may do everything, but is not its first admin."""
    with serving(tmp_path_factory.mktemp("team"), ACCESS_TOKEN_EXPIRE_MINUTES="600") as served:
        made = Team(served, Document.of(served.url), served.admin(), "")
        user = made.ask("user_create", name="tester")
        made.ask("grant_add", user="tester", role="admin")
        login = made.document.ask("login", {"name": "tester", "password": user["secret"]}).json
        given = {"currentPassword": user["secret"], "newPassword": "a password of some length"}
        access = made.document.ask("password_change", given, login["accessToken"]).json["accessToken"]
        made.token = made.document.ask("token_create", {"name": "cli"}, access).json["token"]
        yield made


def enter(request: pytest.FixtureRequest, cli: Cli, where: str) -> str:
    """Log the command line in to the server, with this test's cluster as a context there; the context's name."""
    team: Team = request.getfixturevalue("team")
    name = f"lab-of-test-{next(_numbers)}"
    token_id, _, secret = cli.ready["token"].partition("=")
    team.ask("context_set", name=name, endpoints=[cli.ready["url"]], tokenId=token_id, tokenSecret=secret)
    cli.ok("login", team.served.url, "--token", team.token, "--context", name, "--name", "team")
    if where == "rest":
        monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        monkeypatch.setattr(remote.Server, "carry_out", by_document(team))
    return name


def by_document(team: Team) -> Any:
    """What asks for an action by the document alone."""

    async def carry_out(server: Any, session: Any, action: Any, request: Any) -> Any:
        given = request.model_dump(mode="json", by_alias=True, exclude_unset=True)
        outside = {info.alias or name for name, info in action.request.outside_fields().items()}
        given = {name: value for name, value in given.items() if name in outside}
        if server.context:
            given["context"] = server.context
        reply = await asyncio.to_thread(team.document.ask, action.name, given, team.token, **WAIT)
        if not reply.ok:
            raise error_of({"status": reply.status, **reply.json})
        return action.result.model_validate(reply.json)

    return carry_out
