"""What somebody notices who speaks HTTP to a server, and nothing else."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.server.running import Served

WEB = """apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: NAME }
spec: { cpu: { cores: 1 }, memory: 256 }
"""


def texts(*names: str) -> list[dict[str, str]]:
    return [{"name": f"{name}.yaml", "content": WEB.replace("NAME", name)} for name in names]


def raw(served: Served, path: str, token: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(f"{served.url}{path}", headers={"Authorization": f"Bearer {token}", **headers})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}, error.read()


def apply(served: Served, admin: str, application: str, *names: str, **headers: str) -> tuple[int, Any]:
    body = {"texts": texts(*names), "application": application}
    return served.call("POST", "/api/v1/applications/apply", body, admin, **headers)


def test_it_says_that_it_is_well_to_anybody_and_more_to_who_is_logged_in(served: Served, admin: str) -> None:
    assert served.call("GET", "/api/health") == (200, {"status": "ok"})
    assert served.call("GET", "/api/system/info")[0] == 401
    status, info = served.call("GET", "/api/system/info", token=admin)
    assert (status, info["name"], info["database"]) == (200, "Proxmox-MPC", served.database)
    status, whole = served.call("GET", "/api/system/status", token=admin)
    assert whole["ok"]
    assert {part["name"] for part in whole["parts"]} == {"database", "jobs", "context simulated"}


def test_what_takes_long_is_a_job_with_a_place_to_look(served: Served, admin: str) -> None:
    status, job = apply(served, admin, "one", "one")
    assert (status, job["action"], job["actor"]) == (202, "apply", "admin")
    seen, after = [], 0
    for _ in range(100):
        _, page = served.call("GET", f"/api/v1/jobs/{job['id']}/follow?after={after}&waitS=5", token=admin)
        seen += page["items"]
        after = seen[-1]["id"] if seen else 0
        if page["job"]["state"] not in ("queued", "running"):
            break
    assert page["job"]["state"] == "succeeded"
    assert page["result"]["revision"] == 1
    assert [one["id"] for one in seen] == sorted({one["id"] for one in seen})
    assert any(one["payload"].get("what") == "done" for one in seen)


def test_who_would_wait_gets_the_result_or_the_error_itself(served: Served, admin: str) -> None:
    status, result = apply(served, admin, "two", "two", Prefer="wait=30")
    assert (status, result["revision"], result["outcomes"][0]["status"]) == (200, 1, "done")
    broken = {"texts": [{"name": "bad.yaml", "content": WEB.replace("NAME", "bad").replace("256", "plenty")}]}
    status, problem = served.call("POST", "/api/v1/applications/apply", broken, admin, Prefer="wait=30")
    assert (status, problem["code"], problem["exitCode"]) == (422, "manifest.invalid", 1)
    assert problem["place"] == {"file": "bad.yaml", "line": 4, "column": 28}


def test_the_same_request_with_the_same_key_is_done_once(served: Served, admin: str) -> None:
    status, first = apply(served, admin, "three", "three", Idempotency_Key="k-1")
    again, second = apply(served, admin, "three", "three", Idempotency_Key="k-1")
    assert (status, again) == (202, 202)
    assert first["id"] == second["id"]
    status, problem = apply(served, admin, "three", "four", Idempotency_Key="k-1")
    assert (status, problem["code"]) == (422, "idempotency.reused")
    assert apply(served, admin, "three", "three", Idempotency_Key="with spaces")[1]["code"] == "idempotency.invalid"


def test_a_job_that_failed_is_not_made_again_by_the_same_request(served: Served, admin: str) -> None:
    """The answer may have been lost: what was begun is told, not begun once more."""
    before = len(served.call("GET", "/api/v1/jobs", token=admin)[1]["items"])
    body = {"application": "broken", "texts": [{"name": "a.yaml", "content": "kind: Nothing"}]}
    headers = {"Idempotency_Key": "k-broken", "Prefer": "wait=30"}
    status, problem = served.call("POST", "/api/v1/applications/apply", body, admin, **headers)
    assert status == 422, problem
    status, job = served.call("POST", "/api/v1/applications/apply", body, admin, **headers)
    assert (status, job["action"]) == (202, "apply")
    assert served.call("GET", f"/api/v1/jobs/{job['id']}", token=admin)[1]["state"] == "failed"
    assert len(served.call("GET", "/api/v1/jobs", token=admin)[1]["items"]) == before + 1


def test_lists_come_page_by_page_and_not_again_where_nothing_changed(served: Served, admin: str) -> None:
    for name in ("p1", "p2", "p3"):
        assert apply(served, admin, name, name, Prefer="wait=30")[0] == 200
    path, names, total = "/api/v1/resources/vm?limit=2&namespace=default", [], 0
    while path:
        status, headers, body = raw(served, path, admin)
        assert status == 200
        import json

        names += [item["manifest"]["metadata"]["name"] for item in json.loads(body)["items"]]
        total = int(headers["x-total-count"])
        found = re.match(r'<([^>]+)>; rel="next"', headers.get("link", ""))
        path = found.group(1) if found else ""
    assert len(names) == len(set(names)) == total >= 3
    _, headers, _ = raw(served, "/api/v1/contexts", admin)
    status, _, body = raw(served, "/api/v1/contexts", admin, **{"If-None-Match": headers["etag"]})
    assert (status, body) == (304, b"")
    assert (
        served.call("GET", "/api/v1/resources/vm?limit=2&cursor=nonsense", token=admin)[1]["code"]
        == "page.invalid-cursor"
    )


def test_errors_have_the_codes_of_the_command_line(served: Served, admin: str) -> None:
    cases = {
        "/api/v1/resources/vm?names=nobody": (404, "object.unknown", 5),
        "/api/v1/resources/nothing": (404, "kind.unknown", 5),
        "/api/v1/resources/vm?context=nowhere": (404, "context.unknown", 5),
        "/api/v1/resources/vm?nonsense=1": (422, "input.invalid", 1),
        "/api/v1/jobs/none": (404, "job.unknown", 5),
        "/api/v1/nothing/here": (404, "not-found", 5),
    }
    for path, (status, code, exit_code) in cases.items():
        found, problem = served.call("GET", path, token=admin)
        assert (found, problem["code"], problem["exitCode"]) == (status, code, exit_code), path
        assert problem["correlation"]
    status, headers, _ = raw(served, "/api/v1/resources/vm", "nonsense")
    assert (status, headers["www-authenticate"]) == (401, "Bearer")


def test_one_id_goes_through_everything_that_a_request_causes(served: Served, admin: str) -> None:
    status, job = apply(served, admin, "traced", "traced", X_Correlation_ID="trace-me-7")
    assert (status, job["correlation"]) == (202, "trace-me-7")
    for _ in range(100):
        if served.call("GET", f"/api/v1/jobs/{job['id']}", token=admin)[1]["state"] == "succeeded":
            break
        time.sleep(0.1)
    lines = [line for line in (served.home / "server.log").read_text().splitlines() if "trace-me-7" in line]
    assert any('"request"' in line for line in lines)
    assert any("job ended" in line for line in lines)


@pytest.mark.parametrize("path", ["/api/v1/docs", "/api/v1/redoc", "/api/v1/openapi.json"])
def test_its_documentation_is_there(served: Served, path: str) -> None:
    with urllib.request.urlopen(f"{served.url}{path}", timeout=30) as answer:
        assert answer.status == 200
        assert b"Proxmox-MPC" in answer.read()


@pytest.mark.parametrize("path", ["docs", "redoc"])
def test_its_pages_load_nothing_from_elsewhere(served: Served, path: str) -> None:
    with urllib.request.urlopen(f"{served.url}/api/v1/{path}", timeout=30) as answer:
        page, rules = answer.read().decode(), answer.headers["Content-Security-Policy"]
    found = re.findall(r"""(?:src|href|url)(?:=|:)\s*['"]([^'"]+)""", page)
    assert any("assets" in one for one in found)
    for where in found:
        assert where.startswith(("/api/v1/", "data:")), where
        if where.startswith("/"):
            assert urllib.request.urlopen(served.url + where, timeout=30).status == 200
    assert "script-src 'self' " in rules
    assert "http" not in rules


def test_who_opens_its_address_finds_the_documentation(served: Served) -> None:
    with urllib.request.urlopen(served.url, timeout=30) as answer:
        assert answer.url == f"{served.url}/api/v1/docs"
