"""An API token's secret: told once, kept encrypted, shown when asked for, and nowhere else."""

from __future__ import annotations

import requests

from tests.e2e.conftest import Cli

USER = "apiVersion: proxmox.io/v1\nkind: User\nmetadata: { name: amy@pve }\nspec: {}\n---\n"
TOKEN = "apiVersion: proxmox.io/v1\nkind: APIToken\nmetadata: { name: amy@pve!ci }\nspec: { privsep: false }\n"
SHOW = ("secret", "show", "APIToken", "amy@pve!ci")


def test_the_secret_of_a_new_token_opens_the_api_and_is_shown_nowhere_else(cli: Cli) -> None:
    applied = cli.ok("apply", "-f", cli.write("access.yaml", USER + TOKEN), "--yes")
    secret = cli.ok(*SHOW).out.strip()
    answer = requests.get(
        f"{cli.ready['url']}/api2/json/access/permissions",
        headers={"Authorization": f"PVEAPIToken=amy@pve!ci={secret}"},
        timeout=10,
    )
    assert answer.status_code == 200
    shown = [applied, cli.ok("history", "access"), cli.ok("get", "tokens", "-o", "json"), cli.ok("status")]
    shown += [cli.ok("describe", "token", "amy@pve!ci"), cli.ok("export", "manifests", "APIToken")]
    assert secret not in "".join(one.out + one.err for one in shown)
    home = b"".join(path.read_bytes() for path in (cli.workspace.parent / "home").rglob("*") if path.is_file())
    assert secret.encode() not in home
    assert b"secret-shown" in home


def test_a_deleted_token_takes_its_secret_along(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("access.yaml", USER + TOKEN), "--yes")
    first = cli.ok(*SHOW).out
    cli.ok("delete", "token", "amy@pve!ci", "--yes")
    gone = cli(*SHOW)
    assert (gone.code, gone.out) == (5, "")
    cli.ok("apply", "-f", "access.yaml", "--yes")
    assert cli.ok(*SHOW).out not in ("", first)


def test_a_token_that_was_made_elsewhere_has_no_secret_here(cli: Cli) -> None:
    cli.api("POST", "/access/users", userid="amy@pve")
    cli.api("POST", "/access/users/amy@pve/token/ci", privsep="0")
    cli.ok("apply", "-f", cli.write("access.yaml", USER + TOKEN), "--adopt", "--yes")
    answer = cli(*SHOW)
    assert answer.code == 5
    assert "does not have the secret of APIToken amy@pve!ci" in answer.err
    assert "delete it and apply again" in answer.err
    other = cli("secret", "show", "vm", "web")
    assert (other.code, "delete" in other.err) == (5, False)
