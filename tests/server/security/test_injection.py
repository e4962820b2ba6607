"""Injection: in names, selectors, ids, headers and logs; and secrets that must not stand anywhere."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.server.security.world import CANARY, World, call, texts, vm

V1 = "/api/v1"
HOSTILE = [
    "' OR '1'='1",
    "x'; DROP TABLE users; --",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "{{ 7 * 7 }}",
    "${jndi:ldap://127.0.0.1/x}",
    "a\r\nSet-Cookie: x=1",
    "a\nlevel=error forged line",
    "\x1b[2Jhidden",
    "nul\x00byte",
    "half \ud800 a letter",
    "%00",
    "*",
    "\u202egnp.exe",
    "x" * 3000,
]


@pytest.mark.parametrize("word", HOSTILE, ids=lambda word: ascii(word)[:24])
def test_words_are_words(world: World, word: str) -> None:
    plain = word.encode("utf-8", "replace").decode()
    asked = {
        "get": {"kind": "vm", "names": [plain]},
        "describe": {"kind": "vm", "selector": plain},
        "events": {"name": plain},
        "job_list": {"subject": plain, "actor": plain},
        "audit_list": {"actor": plain, "action": plain},
        "release_list": {"filter": plain},
        "explain": {"path": plain},
        "history": {"application": plain},
        "job_get": {"id": plain},
        "user_get": {"name": plain},
        "schedule_get": {"name": plain},
        "message_list": {"rooms": [plain]},
    }
    for id, given in asked.items():
        reply = world.ask(id, world.admin, **given)
        assert reply.status < 500, (id, reply.text)
        assert "set-cookie" not in reply.headers
        assert "root:x:0" not in reply.text
        assert "49" not in str(reply.json.get("detail", "")) or "7 * 7" not in word
    bodies = {
        "plan": {"texts": texts(vm("alpha-web", "team-a", 7100)), "application": word},
        "status": {},
        "user_create": {"name": word},
        "role_create": {"name": "r", "description": word, "permissions": ["jobs:read"]},
        "secret_set": {"name": word, "value": word},
        "start": {"guests": [word]},
        "schedule_create": {"name": word, "action": "backup", "cron": word},
        "validate": {"texts": [{"name": word, "content": word}]},
        "delete": {"kind": word, "names": [word]},
    }
    for id, given in bodies.items():
        reply = world.ask(id, world.admin, **given)
        assert reply.status < 500, (id, reply.text)
    world.ask("role_delete", world.admin, name="r")
    assert world.ok("get", kind="vm", names=["bravo-web"])["items"], "all is as it was"


def test_a_correlation_id_is_a_word_of_few_letters(world: World) -> None:
    for given in ("a b", "x" * 65, "{{7*7}}", "../x"):
        reply = call(world, "GET", "/api/health", X_Correlation_ID=given)
        assert reply.headers["x-correlation-id"] != given


def test_one_request_is_one_line_in_the_log(world: World) -> None:
    call(world, "GET", f"{V1}/jobs/a%0aforged%0d%0aforged", token=world.admin)
    for line in (world.served.home / "server.log").read_text().splitlines():
        if line.startswith("{"):
            json.loads(line)
        assert not line.startswith("forged")


def test_secrets_stand_in_no_table_no_log_and_no_message(world: World) -> None:
    word = "hunter2-of-the-cluster"
    given = {"endpoints": ["https://192.0.2.9:8006"], "user": "root@pam", "password": word}
    world.ok("context_set", name="kept", **given)
    world.ok("secret_set", name="kept", value=f"{word}-secret")
    world.document.ask("get", {"kind": "vm", "context": "nowhere"}, world.admin)
    made = world.ok("token_create", name="kept")
    user = world.ok("user_create", name="kept")
    manifest = (
        vm("alpha-kept", "team-a", 7180) + f"  cloudInit: {{ storage: local-lvm, user: ops, password: {word}-vm }}\n"
    )
    world.ok("apply", texts=texts(manifest), application="kept")
    world.ask("login", "", name="kept", password=f"{word}-typed")
    hidden = [word, made["token"], made["token"].rpartition("_")[2], user["secret"], world.admin, world.served.secret]
    with closing(sqlite3.connect(world.served.home / "store.db")) as store:
        dump = "\n".join(store.iterdump())
    log = (world.served.home / "server.log").read_text()
    for text in (dump, log, world.ask("audit_export", world.admin).text, world.ask("message_list", world.admin).text):
        assert [one for one in hidden if one in text] == []
    assert CANARY in dump, "what is no secret is there to be found"
    key = (world.served.home / "secret.key").read_text().strip()
    assert key not in dump
    assert key not in log
