"""Hooks and tests of releases: their order, when they go, what they run, and how they fail."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.gate import Gate
from tests.e2e.release import chart, fault, gate, memory, pool, states, step

__all__ = ["chart", "gate"]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (step("gett"), "gett"),
        (step("get", kind="vm", nme="x"), "get: nme: Extra inputs are not permitted"),
        (step("secret_show", name="x"), "secret_show is nothing for a chart"),
        (step("delete", kind="vm", names=["x"]), "delete is nothing for a chart"),
        (step("context_delete", name="lab"), "context_delete is nothing for a chart"),
        ("{ steps: [] }", "spec.steps"),
        ("{ steps: [{ action: get, with: { kind: vm } }], retries: many }", "spec.retries"),
    ],
)
def test_a_hook_that_could_never_run_is_refused_at_its_line(
    cli: Cli, chart: str, gate: Gate, spec: str, told: str
) -> None:
    cli.write("values.yaml", f"hooks: {{ first: {{ at: pre-install, spec: {spec} }} }}\n")
    refused = cli("install", "a", chart, "-f", "values.yaml")
    assert refused.code == 1
    assert told in refused.err
    assert "shop/templates/hooks.yaml:" in refused.err
    assert gate.writes == []


def test_hooks_are_carried_out_in_their_order(cli: Cli, chart: str) -> None:
    cli.write(
        "values.yaml",
        "hooks:\n"
        f"  late: {pool('pre-install', 5)}\n"
        f"  early: {pool('pre-install', -5)}\n"
        f"  middle: {pool('pre-install')}\n"
        f"  after: {pool('post-install')}\n"
        f"  again: {pool('pre-upgrade')}\n"
        f"  back: {pool('post-rollback')}\n"
        f"  bye: {pool('pre-delete')}\n",
    )

    shown = cli.ok("install", "a", chart, "-f", "values.yaml").err
    lines = [line.split() for line in shown.splitlines() if line.startswith("✓") and "hook" not in line]
    made = [line[2].rpartition("/")[2] for line in lines]
    assert made[:3] == ["early", "middle", "late"]
    assert set(made[3:5]) == {"a-web", "a-db"}
    assert made[5:] == ["after"]
    assert {pool["poolid"] for pool in cli.api("GET", "/pools")} == {"early", "middle", "late", "after"}
    assert cli.ok("upgrade", "a", chart, "-f", "values.yaml", "--dry-run").out.count("No changes.") == 1
    cli.ok("upgrade", "a", chart, "-f", "values.yaml")
    assert "again" in {pool["poolid"] for pool in cli.api("GET", "/pools")}
    cli.ok("rollback", "a", "1")
    assert "back" in {pool["poolid"] for pool in cli.api("GET", "/pools")}
    cli.ok("uninstall", "a", "--yes")
    assert cli.api("GET", "/pools") == [], "what hooks left goes with the release"
    assert cli.ok("list", "-o", "json").json == []


def test_delete_policies_say_when_a_hook_goes(cli: Cli, chart: str) -> None:
    wrong = step("get", kind="vm", names="[nobody]")
    cli.write(
        "values.yaml",
        "hooks:\n"
        "  stays: { kind: VirtualMachine, at: 'pre-install,pre-upgrade', weight: -1,"
        " spec: { node: pve-node1, memory: 64 } }\n"
        f"  goes: {pool('pre-install', -1, 'hook-succeeded')}\n"
        f"  failing: {{ at: pre-upgrade, spec: {wrong} }}\n",
    )
    cli.ok("install", "a", chart, "-f", "values.yaml")
    assert cli.api("GET", "/pools") == [], "it succeeded, and was removed"
    old = f"/nodes/pve-node1/qemu/{cli.guests()['stays']['vmid']}/config"
    cli.api("PUT", old, onboot=1)
    failed = cli("upgrade", "a", chart, "-f", "values.yaml", "--set", "web.memory=999")
    new = cli.api("GET", f"/nodes/pve-node1/qemu/{cli.guests()['stays']['vmid']}/config")
    assert "onboot" not in new, "it was made anew"
    assert failed.code == 1
    assert "pre-upgrade hook 'failing' of 'a' failed" in failed.err
    assert "there is no VirtualMachine 'nobody'" in failed.err
    assert "proxmox-cli apply --resume --app a" in failed.err
    assert memory(cli, "a-web") == "520", "what comes after a failed hook is not begun"
    assert states(cli, "a") == ["deployed", "failed"]
    told = cli.ok("history", "a", "--revision", "2").out
    assert "pre-upgrade hook failing: failed" in told
    again = cli("upgrade", "a", chart, "-f", "values.yaml", "--set", "web.memory=999", "--no-hooks")
    assert (again.code, memory(cli, "a-web")) == (0, "999")


def test_a_hook_that_failed_is_removed_where_it_says_so(cli: Cli, chart: str) -> None:
    spec, before = "{ node: pve-node1, memory: 64, state: running }", cli.guests().keys()
    broken = f"{{ kind: VirtualMachine, at: pre-install, policy: hook-failed, spec: {spec} }}"
    cli.write("values.yaml", f"hooks: {{ broken: {broken} }}\n")
    fault(cli, fault="fail_task", type="qmstart", error="no memory", times=1)
    failed = cli("install", "a", chart, "-f", "values.yaml", "--atomic")
    assert failed.code == 1
    assert "failed and was uninstalled" in failed.err
    assert cli.guests().keys() == before
    assert cli.ok("list", "-o", "json").json == []


def test_a_job_agrees_to_what_it_asks_for(cli: Cli, chart: str) -> None:
    taken = step("snapshot_create", guests="[a-web]", name="before")
    lost = step("snapshot_delete", guests="[a-web]", name="before")
    cli.write(
        "values.yaml",
        f"hooks: {{ take: {{ at: post-install, spec: {taken} }}, lose: {{ at: post-upgrade, spec: {lost} }} }}\n",
    )
    cli.ok("install", "a", chart, "-f", "values.yaml")
    path = f"/nodes/pve-node1/qemu/{cli.guests()['a-web']['vmid']}/snapshot"
    assert {snapshot["name"] for snapshot in cli.api("GET", path)} == {"before", "current"}
    cli.ok("upgrade", "a", chart, "-f", "values.yaml")
    assert {snapshot["name"] for snapshot in cli.api("GET", path)} == {"current"}


def test_a_test_that_fails_says_why(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart)
    vmid = cli.guests()["a-web"]["vmid"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{vmid}/config", memory="64")
    failed = cli("test", "a")
    assert failed.code == 1
    assert "items.0.manifest.spec.memory is 64, not 520" in failed.out
    assert cli("test", "a", "--filter", "!a-memory").code == 5
    assert cli("test", "nobody").code == 5


def test_a_release_that_is_called_like_anothers_hooks_stays(cli: Cli, chart: str) -> None:
    cli.ok("install", "a", chart)
    cli.ok("install", "a-hooks", chart)
    cli.ok("uninstall", "a", "--yes")
    assert {name for name in cli.guests() if name.startswith("a")} == {"a-hooks-db", "a-hooks-web"}
    assert cli("install", "a..hooks", chart).code == 1


def test_what_was_adopted_is_never_taken_back(cli: Cli, chart: str) -> None:
    refused = cli("install", "a", chart, "--atomic", "--adopt")
    assert refused.code == 2
    assert "exclude each other" in refused.err


def test_a_refused_uninstall_runs_no_hook(cli: Cli, chart: str) -> None:
    cli.write("values.yaml", f"hooks: {{ gone: {pool('pre-delete')} }}\n")
    cli.ok("install", "a", chart, "-f", "values.yaml")
    vmid = cli.guests()["a-web"]["vmid"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{vmid}/config", protection=1)
    assert cli("uninstall", "a", "--yes").code == 6
    assert "gone" not in {found["poolid"] for found in cli.api("GET", "/pools")}
