import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from proxmox_mpc import telemetry
from proxmox_mpc.telemetry import HIDDEN, Logger, bound, configure, redacted

LOG = Logger("pve")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    configure()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_where_nobody_looks(stream: io.StringIO) -> None:
    configure("INFO", stream=stream)
    LOG.info("retrying", path="/pools", pause_s=2)
    [line] = lines(stream)
    assert {"event": "retrying", "part": "pve", "level": "info", "path": "/pools", "pause_s": 2}.items() <= line.items()
    assert line["timestamp"].endswith("Z")


def test_a_line_is_readable_in_a_terminal(stream: io.StringIO) -> None:
    configure("INFO", json=False, stream=stream)
    LOG.warning("retrying", path="/pools")
    assert "retrying" in stream.getvalue()
    assert "path=/pools" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_below_the_level_nothing_is_written(stream: io.StringIO) -> None:
    configure("WARNING", stream=stream)
    LOG.debug("no")
    LOG.info("no")
    LOG.error("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_lines_carry_what_is_bound_around_them(stream: io.StringIO) -> None:
    configure("INFO", stream=stream)
    with bound(run="r1"), bound(actor="ann"):
        LOG.info("inside")
    LOG.info("outside")
    inside, outside = lines(stream)
    assert (inside["run"], inside["actor"]) == ("r1", "ann")
    assert "run" not in outside


def test_lines_of_libraries_go_the_same_way(stream: io.StringIO) -> None:
    configure("INFO", stream=stream)
    logging.getLogger("aiohttp.client").warning("login with password=%s failed", "hunter2")
    [line] = lines(stream)
    assert (line["part"], line["level"]) == ("aiohttp.client", "warning")
    assert "hunter2" not in line["event"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("new_password", "hunter2"),
        ("token_secret", "hunter2"),
        ("Authorization", "PVEAPIToken=root@pam!x=hunter2"),
        ("header", "PVEAPIToken=root@pam!x=hunter2"),
        ("CSRFPreventionToken", "hunter2"),
        ("cookie", "hunter2"),
        ("url", "postgresql://mpc:hunter2@db/mpc"),
        ("event", "sent username=root@pam&password=hunter2&otp=1"),
        ("body", '{"password": "hunter2", "username": "root"}'),
        ("text", "PVE:root@pam:5FBE5EB6::hunter2=="),
        ("request", {"form": {"username": "root", "cipassword": "hunter2"}}),
        ("headers", [{"Cookie": "hunter2"}]),
        ("error", ValueError("token=hunter2 is wrong")),
        ("PROXMOX_SECRET_KEY", "hunter2"),
        ("line", "GET /?x=pmpc_hunter2 by pmpr_1.hunter2.3"),
        ("line", "Bearer eyJhbGciOi.eyJzdWIiOi.hunter2-_"),
    ],
)
def test_secrets_never_reach_the_log(stream: io.StringIO, name: str, value: object) -> None:
    configure("INFO", stream=stream)
    LOG.info("something", **{name: value} if name != "event" else {"what": value})
    assert "hunter2" not in stream.getvalue()
    assert HIDDEN in stream.getvalue()


@pytest.mark.parametrize(
    ("name", "value"),
    [("path", "/nodes/pve1/qemu/100"), ("token_id", "root@pam!ci"), ("tasks", 3), ("password", None), ("ok", True)],
)
def test_what_is_no_secret_stays(name: str, value: object) -> None:
    assert redacted(name, value) == value


def test_structlog_is_loaded_only_when_something_is_written() -> None:
    code = (
        "import sys; from proxmox_mpc import telemetry as t; t.configure(); t.Logger('x').info('quiet');"
        "assert 'structlog' not in sys.modules; t.Logger('x').error('loud'); assert 'structlog' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stderr)["event"] == "loud"
    assert done.stdout == ""


def test_configuring_twice_does_not_double_lines(stream: io.StringIO) -> None:
    configure("INFO", stream=stream)
    configure("INFO", stream=stream)
    logging.getLogger("x").error("once")
    assert len(lines(stream)) == 1
    assert telemetry.HIDDEN
