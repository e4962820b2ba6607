"""A copy of a live cluster, to rehearse on."""

from __future__ import annotations

import stat

from tests.e2e.conftest import Cli, simulated

WEB = """
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata:
  name: web
spec:
  template: debian-12-template
  cpu: { cores: 2 }
  memory: 2048
"""


def test_what_was_applied_is_applied_on_the_copy_and_a_change_can_be_rehearsed_there(cli: Cli) -> None:
    cli.write("web.yaml", WEB)
    cli.ok("apply", "-f", "web.yaml", "--yes")
    cli.write("twin.json", "an older copy, for everybody to read")
    told = cli.ok("simulate", "--from", "lab", "--write-seed", "twin.json")
    assert "Copied lab: 3 nodes and 2 guests, without secrets." in told.err
    assert "simulate --preset empty --seed twin.json" in told.err
    assert stat.S_IMODE((cli.workspace / "twin.json").stat().st_mode) == 0o600

    with simulated("--preset", "empty", "--seed", "twin.json") as ready:
        token_id, _, secret = ready["token"].partition("=")
        login = ("--endpoint", ready["url"], "--token-id", token_id, "--token-secret", secret)
        cli.ok("config", "set-context", "twin", *login)
        assert "refused" not in ready
        unchanged = cli.ok("plan", "-f", "web.yaml", "--context", "twin")
        assert "no changes" in unchanged.out.lower()
        cli.write("web.yaml", WEB.replace("cores: 2", "cores: 3"))
        cli.ok("apply", "-f", "web.yaml", "--yes", "--context", "twin")
    live = next(row for row in cli.api("GET", "/cluster/resources") if row.get("name") == "web")
    assert live["maxcpu"] == 2


def test_a_copy_of_an_unknown_context_or_into_no_directory_is_refused(cli: Cli) -> None:
    unknown = cli("simulate", "--from", "nowhere", "--write-seed", "twin.json")
    assert unknown.code != 0
    assert "nowhere" in unknown.err
    missing = cli("simulate", "--from", "lab", "--write-seed", "no/such/twin.json")
    assert missing.code == 1, missing
    assert "there is no directory no/such" in missing.err
    alone = cli("simulate", "--write-seed", "twin.json")
    assert alone.code != 0
    assert "--from" in alone.err


def test_the_golden_cluster_has_no_token_and_the_greeting_names_none(bare: Cli) -> None:
    with simulated("--preset", "golden") as ready:
        assert "token" not in ready
        login = ("--endpoint", ready["url"], "--user", ready["user"], "--password", ready["password"])
        bare.ok("config", "set-context", "golden", *login)
        assert "pve1" in bare.ok("discover").out
