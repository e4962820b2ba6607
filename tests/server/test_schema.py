"""The live OpenAPI document against the server behind it: generated requests, whatever they are, get what it promises."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxmox_mpc.bootstrap import all_actions
from tests.rest import Document
from tests.server.running import serving
from tests.server.security.world import World

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = (
    "logout",  # it ends the very login that asks
    "password_change",
    "user_password",  # its admin's own among them
    "session_revoke",
    "job_wait",  # they hold the answer back, as they are asked to
    "job_follow",
    "wait",
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server of its own: what is generated changes it."""
    with serving(tmp_path_factory.mktemp("generated"), "--simulate") as served:
        world = World(served, Document.of(served.url), served.admin())
        world.ben = world.enter("ben", viewer=["*"])
        yield world


@pytest.mark.parametrize("who", ["admin", "viewer", "nobody"])
def test_whatever_is_asked_is_answered_as_documented(world: World, who: str, tmp_path: Path) -> None:
    token = {"admin": world.admin, "viewer": world.ben}.get(who, "")
    words = ["--header", f"Authorization: Bearer {token}"] if token else []
    for id in LEFT_OUT:
        words += ["--exclude-operation-id", id]
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{world.served.url}/api/v1/openapi.json"),
            *("--checks", CHECKS, "--phases", "fuzzing", "--mode", "all", "--no-shrink", "--no-color"),
            *("--seed", "7", "--max-examples", "60" if SOAK else "2", "--request-timeout", "30", "--workers", "2"),
            *("--suppress-health-check", "all", "--continue-on-failure", "--generation-database", "none"),
            *words,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=3000 if SOAK else 240,
    )
    assert run.returncode == 0, run.stdout[-12000:] + run.stderr[-3000:]


def test_every_route_but_the_public_ones_wants_a_login(world: World) -> None:
    public = set()
    for id, operation in world.document.operations().items():
        places = {name: "x" for name, place in operation.parameters.items() if place == "path"}
        if world.document.ask(id, places, "").status != 401:
            public.add(id)
    assert {id for id in public if not id.startswith("health")} == {
        action.name for action in all_actions() if action.scope == "public"
    }
