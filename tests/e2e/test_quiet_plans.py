"""Plans that came to nothing are told again by what they read: as long as nothing moves, and not a moment longer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxmox_mpc.actions import _planning
from tests.e2e.conftest import Cli

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: web, namespace: tier }
spec: { node: pve-node1, memory: 512, state: stopped, disks: [{ storage: local-lvm, size: 1G }], onboot: true }
---
apiVersion: proxmox.io/v1
kind: Group
metadata: { name: ops }
spec: { comment: Operators }
"""


@pytest.fixture
def made_anew(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with every plan that is really made."""
    found: list[str] = []
    prepare = _planning.prepare

    async def counted(*given: object) -> object:
        found.append("plan")
        return await prepare(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(_planning, "prepare", counted)
    return found


def empty(cli: Cli) -> bool:
    return bool(cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["empty"])


def test_a_plan_of_what_has_not_moved_is_not_made_again(cli: Cli, made_anew: list[str]) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM))
    assert empty(cli)
    made = len(made_anew)
    first = cli.ok("plan", "-f", "vm.yaml").out
    assert cli.ok("plan", "-f", "vm.yaml").out == first
    assert len(made_anew) == made


def guest(cli: Cli, method: str, tail: str, **form: object) -> None:
    where = cli.guests()["web"]
    cli.api(method, f"/nodes/{where['node']}/qemu/{where['vmid']}{tail}", **form)


OUTSIDE: dict[str, Callable[[Cli], object]] = {
    "another value": lambda cli: guest(cli, "PUT", "/config", memory=768),
    "a default that was declared away": lambda cli: guest(cli, "PUT", "/config", delete="onboot"),
    "power": lambda cli: guest(cli, "POST", "/status/start"),
    "another name": lambda cli: guest(cli, "PUT", "/config", name="other"),
    "no mark any more": lambda cli: guest(cli, "PUT", "/config", description="my own words"),
    "gone": lambda cli: guest(cli, "DELETE", ""),
    "another object": lambda cli: cli.api("PUT", "/access/groups/ops", comment="Others"),
    "another wish": lambda cli: cli.write("vm.yaml", VM.replace("memory: 512", "memory: 640")),
    "less of a wish": lambda cli: cli.write("vm.yaml", VM.replace(", onboot: true", "")),
}


@pytest.mark.parametrize("change", OUTSIDE)
def test_whatever_moves_is_seen(cli: Cli, change: str) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM))
    assert empty(cli)
    assert empty(cli)
    OUTSIDE[change](cli)
    assert not empty(cli)


def test_what_makes_no_difference_is_looked_at_anew_and_is_nothing_again(cli: Cli, made_anew: list[str]) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM))
    assert empty(cli)
    made = len(made_anew)
    guest(cli, "PUT", "/config", cores=3)  # nobody declared them
    assert empty(cli)
    assert len(made_anew) == made + 1
    guest(cli, "POST", "/migrate", target="pve-node2")
    assert empty(cli), "a guest that moved has not drifted"
    assert empty(cli)


def test_other_options_and_a_lost_store_are_another_wish(cli: Cli, made_anew: list[str]) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM))
    assert empty(cli)
    made = len(made_anew)
    cli.ok("plan", "-f", "vm.yaml", "--prune", "-o", "json")
    assert len(made_anew) == made + 1
    for file in (cli.workspace.parent / "home").glob("store.db*"):
        file.unlink()
    token_id, _, secret = cli.ready["token"].partition("=")
    cli.ok(
        "config", "set-context", "lab", "--endpoint", cli.ready["url"], "--token-id", token_id, "--token-secret", secret
    )
    assert empty(cli), "guests and comments carry their marks"
    assert len(made_anew) == made + 2
