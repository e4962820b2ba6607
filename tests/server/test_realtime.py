"""What a client hears over Socket.IO, by the library that clients use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import socketio

from tests.server.running import Served
from tests.server.test_rest import apply

COMES_WITHIN_S = 40
"""Clusters are asked every 5 seconds, and what they answer is up to 10 seconds old."""


class Client:
    """A socket with what it heard."""

    def __init__(self, served: Served, token: str) -> None:
        self.io = socketio.Client(reconnection=False)
        self.heard: list[dict[str, Any]] = []
        self.over: list[Any] = []
        self.io.on("message", self.heard.append)
        self.io.on("login-over", self.over.append)
        self.io.connect(served.url, auth={"token": token}, transports=["websocket"], wait_timeout=10)

    def subscribe(self, *rooms: str, after: int | None = None) -> dict[str, Any]:
        wish: dict[str, Any] = {"rooms": list(rooms)}
        if after is not None:
            wish["after"] = after
        answer: dict[str, Any] = self.io.call("subscribe", wish, timeout=10)
        return answer

    def until(self, found: Any) -> dict[str, Any]:
        """The first message that fits, once it came."""
        end = time.monotonic() + COMES_WITHIN_S
        while time.monotonic() < end:
            for message in list(self.heard):
                if found(message):
                    return message
            time.sleep(0.01)
        raise AssertionError([(m["id"], m["room"], m["type"]) for m in self.heard])


@contextmanager
def client(served: Served, token: str) -> Iterator[Client]:
    one = Client(served, token)
    try:
        yield one
    finally:
        one.io.disconnect()


def ends(job: str) -> Any:
    return lambda m: m["payload"].get("id") == job and m["payload"].get("state") == "succeeded"


def test_a_job_is_heard_from_its_beginning_to_its_end(served: Served, admin: str) -> None:
    with client(served, admin) as one:
        assert one.subscribe("jobs")["ok"]
        _, job = apply(served, admin, "heard", "heard")
        one.until(ends(job["id"]))
        states = [m["payload"]["state"] for m in one.heard if m["payload"].get("id") == job["id"]]
        assert states[0] == "queued"
        assert states[-1] == "succeeded"
        assert [m["id"] for m in one.heard] == sorted(m["id"] for m in one.heard)


def test_who_was_away_goes_on_where_it_was_and_hears_everything_once(served: Served, admin: str) -> None:
    with client(served, admin) as one:
        last = one.subscribe("jobs")["last"]
    jobs = [apply(served, admin, f"away{n}", f"away{n}", Prefer="wait=30") and n for n in range(3)]
    assert jobs == [0, 1, 2]
    with client(served, admin) as again:
        again.subscribe("jobs", after=last)
        _, job = apply(served, admin, "back", "back")
        again.until(ends(job["id"]))
        ids = [m["id"] for m in again.heard]
        assert ids == sorted(set(ids))
        _, kept = served.call("GET", f"/api/v1/messages?after={last}&rooms=jobs&limit=1000", token=admin)
        assert ids == [m["id"] for m in kept["items"]][: len(ids)]


@pytest.mark.parametrize("token", ["", "nonsense", "pmpc_nonsense"])
def test_without_a_login_nobody_is_let_in(served: Served, token: str) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError), client(served, token):
        pass


@pytest.mark.parametrize(
    "wish", [None, 7, [], {"rooms": []}, {"rooms": "jobs"}, {"rooms": ["jobs/../x y"]}, {"rooms": ["all"]},
             {"rooms": ["jobs"], "after": -1}, {"rooms": ["jobs"], "after": True}, {"rooms": [f"jobs/{n}" for n in range(200)]}]
)  # fmt: skip
def test_what_is_no_subscription_is_refused_and_harms_nothing(served: Served, admin: str, wish: Any) -> None:
    with client(served, admin) as one:
        assert "error" in one.io.call("subscribe", wish, timeout=10)
        assert one.subscribe("jobs")["ok"]


def test_a_user_hears_only_what_he_may_see(served: Served, admin: str) -> None:
    password = "a-password-for-bea-1"
    made = served.call("POST", "/api/v1/users", {"name": "bea", "password": password}, admin)
    assert made[0] == 201, made
    status, login = served.call("POST", "/api/v1/auth/login", {"name": "bea", "password": password})
    assert status == 200, login
    token = login["accessToken"]
    if login["mustChangePassword"]:
        body = {"currentPassword": password, "newPassword": f"{password}-new"}
        token = served.call("POST", "/api/v1/auth/password", body, token)[1]["accessToken"]
    with client(served, token) as bea, client(served, admin) as one:
        bea.subscribe("jobs", after=0)
        one.subscribe("jobs")
        _, job = apply(served, admin, "secretive", "secretive")
        one.until(ends(job["id"]))
        assert bea.heard == []


def test_guests_are_heard_of_while_somebody_listens(served: Served, admin: str) -> None:
    with client(served, admin) as one:
        assert one.subscribe("guests", "applications/watched")["ok"]
        for number in range(10):  # until whoever watches has looked once, and sees that something came
            apply(served, admin, f"look-{number}", f"look-{number}", Prefer="wait=30")
            end = time.monotonic() + 6
            while time.monotonic() < end and not one.heard:
                time.sleep(0.05)
            if any(m["room"] == "guests" for m in one.heard):
                break
        apply(served, admin, "watched", "watched", Prefer="wait=30")
        added = one.until(lambda m: m["type"] == "guest.added" and m["payload"]["name"] == "watched")
        assert (added["context"], added["namespace"], added["payload"]["status"]) == ("simulated", "default", "stopped")
        applied = one.until(lambda m: m["type"] == "application.applied")
        assert (applied["payload"]["status"], applied["payload"]["revision"]) == ("succeeded", 1)
