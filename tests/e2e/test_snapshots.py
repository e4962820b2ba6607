"""Snapshots as they are typed: declared ones, those of policies, and what a kill leaves of a rotation."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Cli
from tests.e2e.test_crash_safety import Place, place, place_before  # noqa: F401  a fixture

pytestmark = pytest.mark.everywhere

SHOP = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web, namespace: shop }
spec: { memory: 64, disks: [{ storage: local-lvm, size: 1G }], tags: [env-prod] }
---
apiVersion: proxmox.io/v1
kind: Snapshot
metadata: { name: web/before-upgrade, namespace: shop }
spec: { description: Before the upgrade }
---
apiVersion: proxmox.io/v1
kind: SnapshotPolicy
metadata: { name: hourly }
spec: { schedule: hourly, selector: env=prod, keep: { last: 2 } }
"""


def listed(cli: Cli) -> list[str]:
    return cli.ok("get", "snapshots", "-n", "shop", "-o", "jsonpath={.items[*].metadata.name}").out.split()


def test_snapshots_are_declared_rotated_and_given_up(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP))
    assert cli("plan", "-f", "shop.yaml", "--exit-code").code == 0
    assert listed(cli) == ["web/before-upgrade"]
    assert "would" not in cli.ok("snapshots", "rotate", "--dry-run").out
    assert listed(cli) == ["web/before-upgrade"]
    assert cli.ok("snapshots", "rotate", "hourly").out.startswith("hourly: shop/web  + auto-")
    assert cli.ok("snapshots", "rotate").out == "Nothing is due.\n"
    assert cli.ok("snapshots", "rotate", "-o", "json").json["items"] == []
    assert len(listed(cli)) == 2
    assert cli("plan", "-f", "shop.yaml", "--exit-code").code == 0, "what a policy took is no difference"
    assert "hourly" in cli.ok("get", "snappolicies").out
    without = "---\n".join(part for part in SHOP.split("---\n") if "kind: Snapshot\n" not in part)
    cli.write("shop.yaml", without)
    refused = cli("apply", "-f", "shop.yaml", "--prune")
    assert (refused.code, len(listed(cli))) == (6, 2)
    assert "data loss" in refused.err + refused.out
    cli.ok("apply", "-f", "shop.yaml", "--prune", "--allow", "data-loss", "--yes")
    assert [name.partition("-")[0] for name in listed(cli)] == ["web/auto"]
    cli.ok("delete", "-f", "shop.yaml", "--yes")
    assert "web" not in cli.guests()


def test_names_that_cannot_be_are_refused_with_the_form(cli: Cli) -> None:
    wrong = {
        "metadata: { name: before }": "the name of a Snapshot is GUEST/SNAPSHOT",
        "metadata: { name: nobody/before }": "there is no guest 'nobody'",
        "metadata: { name: debian-12-template/before }": "is a template",
        "metadata: { name: web@x/before }": "cannot name a guest",
        "metadata: { name: web/1st }": "cannot name a snapshot",
    }
    cli.ok("apply", "-f", cli.write("shop.yaml", SHOP.partition("---")[0].replace(", namespace: shop", "")))
    for metadata, problem in wrong.items():
        text = f"apiVersion: proxmox.io/v1\nkind: Snapshot\n{metadata}\n"
        answer = cli("plan", "-f", cli.write("wrong.yaml", text))
        assert answer.code == 1, metadata
        assert problem in answer.err
        assert "wrong.yaml:3" in answer.err


@pytest.mark.parametrize("how", ["hold request", "hold answer"])
def test_a_rotation_that_is_killed_is_done_by_the_next_and_not_twice(place: Place, how: str) -> None:  # noqa: F811
    place.cli.ok("apply", "-f", place.cli.write("shop.yaml", SHOP))
    hold = place.gate.hold_answer if how == "hold answer" else place.gate.hold_request
    place.kill_at(hold("POST", r"/snapshot$"), "snapshots", "rotate")
    place.cli.ok("snapshots", "rotate")
    assert sorted(name.partition("-")[0] for name in listed(place.cli)) == ["web/auto", "web/before"]
    place.is_whole(["web"], "shop.yaml")
