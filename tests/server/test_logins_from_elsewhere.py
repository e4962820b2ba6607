"""Logins from elsewhere on a running server: by its API, and by the command line with a browser beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests import openid
from tests.server.running import Served

V1 = "/api/v1"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def sso(served: Served, admin: str) -> Iterator[str]:
    """The issuer of a provider that the server knows as `sso`."""
    with openid.provider(**{"sub-1": {"preferred_username": "amy", "groups": ["ops"]}}) as issuer:
        local = issuer.replace("localhost", "127.0.0.1")
        assert served.call("POST", f"{V1}/groups", {"name": "operators"}, admin)[0] == 201
        asked = {
            "settings": {"type": "oidc", "issuer": local, "clientId": openid.CLIENT},
            "secret": "s3cret-of-client",
            "groups": {"operators": ["ops"]},
        }
        status, answer = served.call("PUT", f"{V1}/providers/sso", asked, admin)
        assert status == 200, answer
        assert "s3cret" not in str(answer)
        assert "s3cret" not in str(served.call("GET", f"{V1}/providers", token=admin))
        yield local


def test_who_is_about_to_log_in_sees_by_what(served: Served, sso: str, admin: str) -> None:
    status, ways = served.call("GET", f"{V1}/auth/providers")
    assert (status, ways["items"]) == (
        200,
        [{"name": "local", "by": "password"}, {"name": "sso", "by": "browser"}],
    )
    for method, path in (("GET", "providers"), ("DELETE", "providers/sso"), ("POST", "providers/sso/test")):
        assert served.call(method, f"{V1}/{path}", {} if method == "POST" else None)[0] == 401
    status, tested = served.call("POST", f"{V1}/providers/sso/test", {}, admin)
    assert (status, tested["detail"]) == (200, f"{sso} answers, with 1 key")


def test_the_command_line_logs_in_by_a_browser(served: Served, sso: str, tmp_path: Path) -> None:
    def browse(url: str) -> requests.Response:
        back = openid.consent(url, "sub-1")
        assert re.match(r"http://127\.0\.0\.1:\d+/callback\?", back)
        wrong = re.sub(r"state=[^&]*", "state=another", back)
        assert requests.get(wrong, timeout=10).status_code == 404  # somebody else's page comes by
        assert requests.get(f"{back.partition('?')[0]}?{'a&' * 50}", timeout=10).status_code in (400, 404)
        return requests.get(back, timeout=20)

    assert logged_in(served, "sso", tmp_path, browse) == ("amy", 0)
    assert "s3cret" not in (served.home / "server.log").read_text()


def logged_in(served: Served, provider: str, home: Path, browse: Callable[[str], requests.Response]) -> tuple[str, int]:
    """Who is logged in on the command line after a browser went that way, and how the command ended."""
    env = {**os.environ, "PROXMOX_MPC_HOME": str(home)}
    words = [sys.executable, "-m", "proxmox_mpc", "login", served.url, "--provider", provider, "--no-browser"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as cli:
        assert cli.stdout is not None
        assert cli.stderr is not None
        try:
            page = browse(next(line.strip() for line in cli.stderr if "http" in line))
            assert page.status_code == 200
            said, failed = cli.stdout.read(), cli.stderr.read()
            code = cli.wait(30)
        finally:
            cli.kill()
    if code:
        assert "terminal says why" in page.text
        return failed, code
    assert "close this page" in page.text
    name = said.partition(" ")[0]
    assert said.startswith(f"{name} is logged in on {served.url}")
    shown = subprocess.run(
        [sys.executable, "-m", "proxmox_mpc", "whoami", "-o", "json"],
        capture_output=True,
        text=True,
        env=env,
        timeout=60,
    )
    assert f'"{name}"' in shown.stdout, shown
    return name, code


def test_the_command_line_logs_in_by_saml(served: Served, admin: str, tmp_path: Path) -> None:
    pytest.importorskip("xmlsec", reason="the identity provider signs by xmlsec, which has wheels for Linux")
    from tests.saml import Idp

    idp, url = Idp(attributes={"uid": ["rory"]}), f"{served.url}/auth/saml"
    settings = {"type": "saml", "metadata": idp.metadata(), "nameAttribute": "uid"}
    asked = {"settings": settings, "createUsers": "all"}
    assert served.call("PUT", f"{V1}/providers/corp", asked, admin)[0] == 200
    described = requests.get(f"{url}/metadata", timeout=10)
    assert 'WantAssertionsSigned="true"' in described.text
    broken = {**asked, "settings": {**settings, "metadata": "<a/>"}}
    status, problem = served.call("PUT", f"{V1}/providers/corp", broken, admin)
    assert (status, "describes 0" in str(problem)) == (422, True)

    def browse(to: str, idp: Idp = idp) -> requests.Response:
        return requests.post(f"{url}/acs", data=idp.answer(to), timeout=20)

    assert logged_in(served, "corp", tmp_path, browse) == ("rory", 0)
    failed, code = logged_in(served, "corp", tmp_path, lambda to: browse(to, Idp(attributes=idp.attributes)))
    assert (code, "the provider's answer does not count" in failed) == (4, True)
    for form in ({}, {"RelayState": "x", "SAMLResponse": "eA=="}, {"a": "b" * 140_000}):
        answer = requests.post(f"{url}/acs", data=form, timeout=20)
        assert (answer.status_code in (401, 413, 422), "location" in answer.headers) == (True, False)
    assert served.call("DELETE", f"{V1}/providers/corp", token=admin)[0] == 200


def test_nobody_is_sent_where_the_server_must_not_go(served: Served, sso: str, admin: str) -> None:
    """Addresses of the server's own network, by a provider's settings."""
    for issuer in ("https://169.254.169.254", "https://[::1]", "https://0.0.0.0"):
        asked = {"settings": {"type": "oidc", "issuer": issuer, "clientId": "x"}, "createUsers": "all"}
        assert served.call("PUT", f"{V1}/providers/evil", asked, admin)[0] == 200
        status, problem = served.call("POST", f"{V1}/providers/evil/test", {}, admin)
        assert (status, problem["code"]) == (403, "outbound.refused")
    asked = {"settings": {"type": "ldap", "url": "ldaps://169.254.169.254", "base": "dc=x"}, "createUsers": "all"}
    assert served.call("PUT", f"{V1}/providers/evil", asked, admin)[0] == 200
    assert served.call("POST", f"{V1}/providers/evil/test", {}, admin)[1]["code"] == "outbound.refused"
    assert served.call("DELETE", f"{V1}/providers/evil", token=admin)[0] == 200
    assert served.call("POST", f"{V1}/providers/evil/test", {}, admin)[0] == 404
