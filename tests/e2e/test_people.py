"""People by the command line, on the store of one's own machine, which is a server's as soon as one runs on it."""

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli


def refused(bare: Cli, code: int, *words: str) -> str:
    answer = bare(*words)
    assert (answer.code, "Traceback" in answer.err) == (code, False), answer
    return answer.err


def test_people_are_made_granted_and_looked_at(bare: Cli) -> None:
    made = bare("user", "create", "Amy", "--display-name", "Amy Pond", "-o", "json")
    assert len(json.loads(made.out)["secret"]) >= 20
    bare.ok("group", "create", "web")
    assert bare("group", "set", "web", "--add", "amy").out.strip() == "web: amy"
    bare.ok("role", "create", "deployer", "resources:*", "charts:read")
    assert (
        "(contexts: home; namespaces: shop, blog)"
        in bare("grant", "add", "deployer", "--group", "web", "--in", "home", "-n", "shop,blog").out
    )
    assert "group web" in bare("grant", "list").out
    shown = json.loads(bare("user", "get", "amy", "-o", "json").out)
    assert (shown["groups"], shown["grants"][0]["role"]) == (["web"], "deployer")
    assert "first login" in bare("user", "list").out
    assert "resources:write" in bare("role", "permissions").out.split()
    assert "embedded store" in bare("whoami").out
    assert refused(bare, 1, "role", "delete", "deployer", "--yes").startswith("error: the role 'deployer' is granted")
    assert "nothing was changed" in refused(bare, 6, "user", "delete", "amy")
    assert bare("user", "delete", "amy", "--yes").out == "amy is deleted\n"
    assert "no user 'amy'" in refused(bare, 5, "user", "get", "amy")


def test_what_cannot_be_is_said_without_what_was_given(bare: Cli) -> None:
    error = refused(bare, 1, "user", "create", "no good")
    assert error.startswith("error: name: ")
    assert "no good" not in error
    assert "there is no permission 'nonsense:*'" in refused(bare, 1, "role", "create", "x", "nonsense:*")
    assert "to a user or to a group" in refused(bare, 2, "grant", "add", "admin")
    for words in (("token", "create", "ci"), ("session", "list")):
        assert "whoever is logged in" in refused(bare, 4, *words)


def test_what_is_written_is_audited_and_the_audit_verified(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NAS", "hunter2-told")
    bare.ok(
        "config",
        "set-context",
        "lab",
        "--endpoint",
        "https://pve1:8006",
        "--token-id",
        "a@pve!b",
        "--token-secret",
        "x",
    )
    bare.ok("secret", "set", "nas", "--from-env", "NAS")
    bare.ok("secret", "list")
    records = json.loads(bare("audit", "list", "-o", "json").out)
    assert [(record["action"], record["subject"], record["outcome"]) for record in records] == [
        ("secret_set", "nas", "ok"),
        ("context_set", "lab", "ok"),
    ]
    exported = bare("audit", "export").out
    assert "hunter2" not in exported
    assert [json.loads(line)["seq"] for line in exported.splitlines()] == [1, 2]
    head = bare("audit", "verify").out.strip()
    assert bare.ok("audit", "verify", "--expect", head).out.strip() == head
    assert (
        refused(bare, 1, "audit", "verify", "--expect", f"1:{'0' * 64}") == "BROKEN: the expected record is not there\n"
    )
    assert bare("secret", "rotate-key").out == "0 records are encrypted with the newest key now\n"


def test_providers_are_kept_shown_and_deleted(bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.ok("group", "create", "operators")
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----")
    ldap = (
        "provider",
        "set",
        "corp",
        "--type",
        "ldap",
        "-s",
        "url=ldaps://127.0.0.1:9",
        "-s",
        "base=dc=example,dc=org",
    )
    assert "nobody would get in" in refused(bare, 1, *ldap)
    options = ("--group", "operators=cn=ops,dc=example,dc=org", "--secret", "hunter2-told")
    kept = bare(*ldap, *options, "-s", "bindDn=cn=search", "-s", f"ca=@{tmp_path / 'ca.pem'}")
    assert kept.out.startswith("corp is kept"), kept
    [shown] = json.loads(bare("provider", "list", "-o", "json").out)
    assert (shown["settings"]["bindDn"], shown["hasSecret"]) == ("cn=search", True)
    assert shown["groups"] == {"operators": ["cn=ops,dc=example,dc=org"]}
    assert shown["settings"]["ca"] == "-----BEGIN CERTIFICATE-----"
    told = bare("provider", "list").out + bare("audit", "export").out
    assert "corp" in told
    assert "hunter2" not in told
    assert "127.0.0.1" in refused(bare, 7, "provider", "test", "corp")
    assert "another place" in refused(bare, 1, *ldap, "--create-users", "all")
    assert "settings.ldap.plain" in refused(bare, 1, *ldap, "--create-users", "all", "-s", "plain=maybe")
    assert "no context 'lab'" in refused(
        bare,
        1,
        "provider",
        "set",
        "lab",
        "--type",
        "pve",
        "-s",
        "context=lab",
        "-s",
        "realm=pve",
        "--create-users",
        "all",
    )
    assert "KEY=VALUE" in refused(bare, 2, *ldap, "-s", "nonsense")
    refused(bare, 1, *ldap, "-s", "ca=@/nowhere/ca.pem")
    assert "nothing was changed" in refused(bare, 6, "provider", "delete", "corp")
    assert bare("provider", "delete", "corp", "--yes").out == "corp is deleted\n"
    assert "no provider 'corp'" in refused(bare, 5, "provider", "test", "corp")
