"""Sets of guests as they are typed: shown with their replicas, made smaller only with leave, deleted whole."""

from __future__ import annotations

from tests.e2e.conftest import Cli
from tests.e2e.test_crash_safety import SET


def replicas(cli: Cli) -> list[str]:
    return sorted(name for name in cli.guests() if name.startswith("web-"))


def test_a_set_from_nothing_to_nothing(cli: Cli) -> None:
    cli.write("shop.yaml", SET)
    assert cli.ok("validate", "-f", "shop.yaml").out.count("VirtualMachine tier/web-") == 3
    cli.ok("apply", "-f", "shop.yaml")
    assert cli("plan", "-f", "shop.yaml", "--exit-code").code == 0
    head, row = cli.ok("get", "sets", "-A").out.splitlines()
    assert head.split()[-3:] == ["REPLICAS", "PRESENT", "RUNNING"]
    assert row.split()[-3:] == ["3", "3", "3"]
    assert "3 of 3 are there, 3 running" in cli.ok("status", "shop").out
    described = cli.ok("describe", "set", "web", "-n", "tier").out
    assert "shop" in described
    assert "running" in described
    cli.write("shop.yaml", SET.replace("replicas: 3", "replicas: 2"))
    refused = cli("apply", "-f", "shop.yaml")
    assert (refused.code, replicas(cli)) == (6, ["web-0", "web-1", "web-2"])
    assert "--allow data-loss" in refused.err
    assert cli("apply", "-f", "shop.yaml", "--allow", "data-loss").code == 6, "and it is confirmed besides"
    cli.ok("apply", "-f", "shop.yaml", "--allow", "data-loss", "--yes")
    assert replicas(cli) == ["web-0", "web-1"]
    cli.ok("rollback", "shop", "1")
    assert replicas(cli) == ["web-0", "web-1", "web-2"]
    cli.ok("delete", "-f", "shop.yaml", "--yes")
    assert replicas(cli) == [], "all that it has, also what the manifest does not count"
    assert cli.ok("status").out.count("web") == 0


def test_a_set_that_is_deleted_by_its_name_takes_its_guests_along(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SET))
    answer = cli.ok("delete", "set", "web", "-n", "tier", "--yes")
    assert answer.out.count("VirtualMachine tier/web-") >= 3
    assert replicas(cli) == []
    assert "GuestSet" not in cli.ok("status").out


def test_guests_become_a_set_by_adopting_it(cli: Cli) -> None:
    """Somebody had three alike, and writes them down as a set."""
    for number in range(3):
        cli.api("POST", "/nodes/pve-node1/qemu", vmid=500 + number, name=f"web-{number}", memory=64)
    cli.write(
        "shop.yaml",
        SET.replace(", namespace: tier", "").replace(
            "memory: 64, disks: [{ storage: local-lvm, size: 1G }], state: running", "memory: 64"
        ),
    )
    shown = cli.ok("adopt", "-f", "shop.yaml", "--yes")
    assert "web-2" in shown.out
    assert cli("plan", "-f", "shop.yaml", "--exit-code").code == 0
    assert "3 of 3 are there" in cli.ok("status").out
