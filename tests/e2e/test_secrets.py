"""Secrets that manifests only name: kept encrypted, put in place where they are written, and never shown."""

from __future__ import annotations

import io

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.elsewhere import only_here

pytestmark = pytest.mark.everywhere("soak")

SECRET = "correct-horse-battery"
NAS = """\
apiVersion: proxmox.io/v1
kind: Storage
metadata: { name: nas }
spec:
  type: cifs
  server: 192.0.2.9
  share: data
  username: backup
  password: { secretRef: nas }
  content: [backup]
  disable: true
"""


def keep(cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{value}\n"))
    cli.ok("secret", "set", name)


def test_a_secret_is_named_in_a_manifest_and_written_to_the_cluster(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = cli("plan", "-f", cli.write("nas.yaml", NAS))
    assert lacking.code == 1
    assert lacking.err.startswith("nas.yaml:9:3")
    assert "proxmox-cli secret set nas" in lacking.err
    keep(cli, monkeypatch, "nas", SECRET)
    applied = cli.ok("apply", "-f", "nas.yaml")
    again = cli.ok("plan", "-f", "nas.yaml")
    assert again.out.startswith("No changes.")
    keep(cli, monkeypatch, "nas", f"{SECRET}-2")
    changed = cli.ok("apply", "-f", "nas.yaml")
    assert "password" in changed.out
    shown = [applied, again, changed, cli.ok("secret", "list"), cli.ok("history", "nas"), cli.ok("status")]
    assert SECRET not in "".join(one.out + one.err for one in shown)
    home = b"".join(path.read_bytes() for path in (cli.workspace.parent / "home").rglob("*") if path.is_file())
    assert SECRET.encode() not in home
    assert cli.ok("secret", "show", "nas").out == f"{SECRET}-2\n"


def test_without_its_secret_an_object_stays_as_it_is(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cli, monkeypatch, "nas", SECRET)
    cli.ok("apply", "-f", cli.write("nas.yaml", NAS))
    cli.ok("secret", "delete", "nas", "--yes")
    assert cli.ok("plan", "-f", "nas.yaml").out.startswith("No changes.")
    cli.ok("apply", "-f", cli.write("nas.yaml", NAS.replace("[backup]", "[backup, iso]")))
    keep(cli, monkeypatch, "nas", "another")
    assert "password" in cli.ok("plan", "-f", "nas.yaml").out, "what was applied before is still known"


def test_an_export_names_the_secrets_and_plans_to_nothing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(cli, monkeypatch, "nas", SECRET)
    cli.ok("apply", "-f", cli.write("nas.yaml", NAS))
    cli.ok("secret", "delete", "nas", "--yes")
    exported = cli.ok("export", "manifests", "storage", "--out", "live")
    text = (cli.workspace / "live" / "cluster" / "storages" / "nas.yaml").read_text()
    assert "secretRef: storage-nas-password" in text
    assert "proxmox-cli secret set storage-nas-password" in exported.out
    assert cli.ok("plan", "-f", "live", "-R", "--app", "nas").out.startswith("No changes.")


@pytest.mark.parametrize(
    "words", [("set", "a b"), ("set", "x", "--from-env", "NOT_SET"), ("show", "x"), ("delete", "x", "--yes")]
)
def test_what_is_no_secret_says_so(cli: Cli, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("value"))
    answer = cli("secret", *words)
    assert answer.code in (2, 5)
    assert "Traceback" not in answer.err
    assert answer.err.startswith("error:")


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("NodeSubscription", f"{{ key: pve9z-{SECRET} }}"),
        ("User", "{ password: 1234567890123 }"),
        ("User", f"{{ password: [{SECRET}] }}"),
        ("NotificationEndpoint", f"{{ type: webhook, secrets: {SECRET} }}"),
    ],
)
def test_a_secret_that_is_wrong_is_not_shown(bare: Cli, kind: str, spec: str) -> None:
    text = f"apiVersion: proxmox.io/v1\nkind: {kind}\nmetadata: {{ name: x }}\nspec: {spec}\n"
    answer = bare("validate", "-f", bare.write("x.yaml", text))
    assert answer.code == 1
    assert answer.err.startswith("x.yaml:4:")
    assert SECRET not in answer.err
    assert "1234567890123" not in answer.err


def test_a_manifest_that_names_a_secret_is_valid_without_a_cluster(bare: Cli) -> None:
    assert bare("validate", "-f", bare.write("nas.yaml", NAS)).code == 0
    odd = bare("validate", "-f", bare.write("odd.yaml", NAS.replace("share: data", "share: { secretRef: x }")))
    assert (odd.code, odd.err.startswith("odd.yaml:7:")) == (1, True)


def test_a_webhook_s_secrets_can_be_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "apiVersion: proxmox.io/v1\nkind: NotificationEndpoint\nmetadata: { name: chat }\n"
    text += "spec: { type: webhook, url: 'https://x.example', method: post, secrets: { secretRef: hook } }\n"
    keep(cli, monkeypatch, "hook", "no map")
    wrong = cli("plan", "-f", cli.write("hook.yaml", text))
    assert (wrong.code, "no map" in wrong.err, "NAME: SECRET" in wrong.err) == (1, False, True)
    keep(cli, monkeypatch, "hook", '{"token": "t1"}')
    cli.ok("apply", "-f", "hook.yaml")
    assert cli.api("GET", "/cluster/notifications/endpoints/webhook/chat")["secret"] == ["name=token"]


def test_secrets_go_with_their_context(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(cli, "it deletes the context of this machine's store")
    keep(cli, monkeypatch, "nas", SECRET)
    cli.ok("config", "delete-context", "lab", "--yes")
    token_id, _, secret = cli.ready["token"].partition("=")
    login = ("--endpoint", cli.ready["url"], "--token-id", token_id, "--token-secret", secret)
    cli.ok("config", "set-context", "lab", *login)
    assert "nas" not in cli.ok("secret", "list").out
