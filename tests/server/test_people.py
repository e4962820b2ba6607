"""People over HTTP: logging in, what was granted, what is refused, and the command line that changes its password."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from proxmox_mpc.actions.password_change import PasswordChangeRequest, password_change
from proxmox_mpc.actions.whoami import WhoamiRequest, whoami
from proxmox_mpc.interfaces.cli import run
from proxmox_mpc.interfaces.cli._run import call
from tests.server.running import Served

V1 = "/api/v1"
NEW = "a new password entirely"


def enter(served: Served, admin: str, name: str) -> dict[str, Any]:
    """Make a user who logs in and has chosen a password."""
    status, made = served.call("POST", f"{V1}/users", {"name": name}, admin)
    assert status == 201, made
    status, login = served.call("POST", f"{V1}/auth/login", {"name": name, "password": made["secret"]})
    assert (status, login["mustChangePassword"]) == (200, True)
    assert served.call("GET", f"{V1}/contexts", token=login["accessToken"])[0] == 403
    body = {"currentPassword": made["secret"], "newPassword": NEW}
    status, login = served.call("POST", f"{V1}/auth/password", body, login["accessToken"])
    assert status == 200, login
    return dict(login)


def test_a_user_is_made_granted_and_taken_the_right(served: Served, admin: str) -> None:
    token = enter(served, admin, "amy")["accessToken"]
    assert served.call("GET", f"{V1}/users", token=token)[0] == 403
    body = {"role": "admin", "user": "amy"}
    status, granted = served.call("POST", f"{V1}/grants", body, admin)
    assert status == 201
    assert served.call("GET", f"{V1}/users", token=token)[0] == 200
    assert served.call("DELETE", f"{V1}/grants/{granted['grant']['id']}", token=admin)[0] == 200
    assert served.call("GET", f"{V1}/users", token=token)[0] == 403
    status, problem = served.call("POST", f"{V1}/grants", {"role": "admin", "user": "amy"}, token)
    assert (status, problem["code"]) == (403, "auth.not-allowed")
    status, problem = served.call("DELETE", f"{V1}/users/admin", token=admin)
    assert (status, problem["code"]) == (403, "auth.own-rights")
    assert served.call("POST", f"{V1}/users", {"name": "amy"}, admin)[0] == 409
    assert served.call("POST", f"{V1}/users", {"name": "no good"}, admin)[0] == 422
    assert served.call("POST", f"{V1}/users", {"name": "x", "version": 9}, admin)[0] == 422  # nothing but its fields
    assert served.call("GET", f"{V1}/users/nobody", token=admin)[0] == 404


def test_refresh_tokens_work_once_and_logging_out_counts_at_once(served: Served, admin: str) -> None:
    login = enter(served, admin, "bob")
    body = {"refreshToken": login["refreshToken"]}
    status, following = served.call("POST", f"{V1}/auth/refresh", body)
    assert status == 200
    assert served.call("POST", f"{V1}/auth/refresh", body)[0] == 409  # at once: told to wait, given nothing
    assert served.call("GET", f"{V1}/auth/me", token=following["accessToken"])[1]["name"] == "bob"
    assert served.call("POST", f"{V1}/auth/logout", {}, following["accessToken"])[0] == 200
    assert served.call("GET", f"{V1}/auth/me", token=following["accessToken"])[0] == 401
    assert served.call("POST", f"{V1}/auth/refresh", {"refreshToken": following["refreshToken"]})[0] == 401


def test_a_personal_token_is_good_within_its_scopes(served: Served, admin: str) -> None:
    status, made = served.call("POST", f"{V1}/tokens", {"name": "ci", "scopes": ["users:read"]}, admin)
    assert status == 201
    assert served.call("GET", f"{V1}/users", token=made["token"])[0] == 200
    assert served.call("POST", f"{V1}/users", {"name": "x"}, made["token"])[0] == 403
    assert served.call("POST", f"{V1}/tokens", {"name": "more"}, made["token"])[0] == 403
    assert served.call("DELETE", f"{V1}/tokens/{made['id']}", token=admin)[0] == 200
    assert served.call("GET", f"{V1}/users", token=made["token"])[0] == 401


def test_what_was_done_and_refused_is_in_a_chain_that_is_whole(served: Served, admin: str) -> None:
    served.call("POST", f"{V1}/auth/login", {"name": "admin", "password": "hunter2-hunter2"})
    status, page = served.call("GET", f"{V1}/audit?type=login", token=admin)
    assert status == 200
    assert (page["items"][0]["subject"], page["items"][0]["outcome"]) == ("admin", "auth.login-failed")
    assert page["items"][0]["address"] == "127.0.0.1"
    assert "hunter2" not in str(served.call("GET", f"{V1}/audit/export", token=admin))
    status, state = served.call("GET", f"{V1}/audit/verify", token=admin)
    assert (status, state["whole"]) == (200, True)


def test_who_changes_the_password_by_the_command_line_stays_logged_in(
    served: Served, admin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(served, admin, "dan")
    monkeypatch.setenv("PROXMOX_MPC_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    status, reset = served.call("POST", f"{V1}/users/dan/password", {}, admin)
    assert status == 200, reset
    # The secret that is good for one login, then the new password.
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{reset['secret']}\n{NEW}\n"))
    assert run(["login", served.url, "--user", "dan", "--password", "-"]) == 0
    call(password_change, PasswordChangeRequest(current_password=NEW, new_password=f"{NEW} again"))
    result = call(whoami, WhoamiRequest())
    assert (result.name, result.by) == ("dan", "login")
