"""The charts of examples/, each installed, tested and taken away again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Cli

pytestmark = pytest.mark.everywhere("soak")

CHARTS = sorted(path.parent.name for path in (ROOT / "examples" / "charts").glob("*/Chart.yaml"))
KEPT = {"tenant": {"tenant..kinds"}}
"""What charts share with others by their `kinds/`: it outlives the release."""


def holdings(cli: Cli) -> dict[str, Any]:
    """All that releases could leave behind, as the cluster itself lists it."""
    lists = (
        "/cluster/resources?type=vm",
        "/pools",
        "/access/users",
        "/access/groups",
        "/access/acl",
        "/cluster/ha/resources",
        "/cluster/ha/rules",
        "/cluster/backup",
        "/cluster/replication",
        "/cluster/sdn/zones",
        "/cluster/sdn/vnets",
        "/cluster/firewall/groups",
        "/cluster/firewall/ipset",
        *(f"/nodes/{node}/storage/{disks}/content" for node in cli.ready["nodes"] for disks in ("local", "local-lvm")),
    )
    # Load and uptime go on by themselves.
    about = "vmid name id poolid userid groupid path ugid roleid sid rule zone vnet group volid size status".split()
    return {
        path: sorted(str({name: row[name] for name in about if name in row}) for row in cli.api("GET", path))
        for path in lists
    }


def test_there_is_a_chart_for_each_of_the_usual_wishes() -> None:
    assert CHARTS == ["k3s", "media-box", "postgres-pair", "tenant", "web-tier"]


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_installed_tested_and_leaves_nothing(cli: Cli, name: str) -> None:
    chart, before = str(ROOT / "examples" / "charts" / name), holdings(cli)
    installed = cli.ok("install", "mine", chart)
    assert "release mine, revision 1: deployed" in installed.out
    assert "proxmox-cli test mine" in installed.out or "proxmox-cli status mine" in installed.out, (
        "the notes say how on"
    )
    assert cli.ok("upgrade", "mine", chart, "--dry-run").out.count("No changes. mine on lab is as declared.") == 1
    health = cli.ok("status", "mine", "-o", "json").json[0]
    assert health["health"] == "synced", health
    tested = cli.ok("test", "mine")
    assert "passed" in tested.out
    assert "failed" not in tested.out
    assert holdings(cli) != before
    cli.ok("uninstall", "mine", "--yes")
    assert holdings(cli) == before
    left = {release["name"] for release in cli.ok("list", "-o", "json").json}
    assert left == KEPT.get(name, set())


@pytest.mark.parametrize("name", CHARTS)
def test_two_releases_of_a_chart_stand_side_by_side(cli: Cli, name: str) -> None:
    chart = str(ROOT / "examples" / "charts" / name)
    apart = {
        "k3s": ("vmid=6500",),
        "postgres-pair": ("vmid=5500",),
        "tenant": ("users[0].name=carol", "network.subnet=10.78.0.0/24", "network.gateway=10.78.0.1"),
    }.get(name, ())
    cli.ok("install", "one", chart)
    first = holdings(cli)
    cli.ok("install", "other", chart, *(word for value in apart for word in ("--set", value)))
    cli.ok("test", "one")
    cli.ok("test", "other")
    cli.ok("uninstall", "other", "--yes")
    assert holdings(cli) == first
    assert cli.ok("upgrade", "one", chart, "--dry-run").out.count("No changes.") == 1


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("web-tier", "web.replicas=0", "at '/web/replicas': minimum: got 0, want 1"),
        ("web-tier", "loadBalancer.port=80", "additional properties 'port' not allowed"),
        ("k3s", "servers.replicas=2", "at '/servers/replicas': value must be one of 1, 3, 5, 7"),
        ("media-box", "apps.jellyfin.disk=16", "at '/apps/jellyfin/disk': got number, want string"),
        ("postgres-pair", "replication.enabled=true", "at '/replication/target': minLength: got 0, want 1"),
        ("tenant", "users=null", "missing property 'users'"),
    ],
)
def test_values_that_cannot_be_are_refused_by_the_schema(bare: Cli, name: str, wrong: str, told: str) -> None:
    refused = bare("template", "x", str(ROOT / "examples" / "charts" / name), "--set", wrong)
    assert refused.code == 1
    assert told in refused.err


def test_addresses_are_handed_out_and_firewalls_closed_behind_the_load_balancer(cli: Cli) -> None:
    chart = str(ROOT / "examples" / "charts" / "web-tier")
    cli.write(
        "values.yaml",
        "web: { ipRange: 10.0.0.20-10.0.0.40/24 }\n"
        "loadBalancer: { address: 10.0.0.10/24 }\n"
        "network: { gateway: 10.0.0.1 }\n",
    )
    cli.ok("install", "web", chart, "-f", "values.yaml", "--set", "fullnameOverride=shop")
    guest = cli.guests()["shop-1"]
    config = cli.api("GET", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/config")
    assert config["ipconfig0"] == "ip=10.0.0.21/24,gw=10.0.0.1"
    rules = cli.api("GET", "/cluster/firewall/groups/shop-web")
    assert (rules[0]["source"], rules[0]["dport"]) == ("10.0.0.10", "80")
    cli.ok("upgrade", "web", chart, "--reuse-values", "--set", "web.replicas=3")
    assert {"shop-1", "shop-2", "shop-3", "shop-lb"} <= cli.guests().keys()
    fewer = cli("upgrade", "web", chart, "--reuse-values", "--set", "web.replicas=1", "--yes")
    assert fewer.code == 6
    assert "--allow data-loss" in fewer.err
    assert cli.ok("list", "-o", "json").json[0]["revision"] == 2, "what was refused is no revision"


def test_a_role_that_tenants_share_is_made_once_and_kept(cli: Cli) -> None:
    chart = str(ROOT / "examples" / "charts" / "tenant")
    shown = cli.ok("install", "acme", chart, "--dry-run")
    assert "made before, and kept when the release goes: Role TenantUser" in shown.err
    assert "TenantUser" not in {role["roleid"] for role in cli.api("GET", "/access/roles")}
    cli.ok("install", "acme", chart)
    assert "Role TenantUser" not in cli.ok("upgrade", "acme", chart, "--dry-run").err
    cli.ok("uninstall", "acme", "--yes")
    assert "TenantUser" in {role["roleid"] for role in cli.api("GET", "/access/roles")}


def test_the_readme_works_word_for_word(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    section = (ROOT / "README.md").read_text().partition("## Charts\n")[2].partition("\n## ")[0]
    commands = [line.split()[1:] for line in section.splitlines() if line.startswith("proxmox-cli ")]
    assert [words[0] for words in commands] == ["install", "test", "upgrade", "history", "rollback", "uninstall"]
    monkeypatch.chdir(ROOT)
    for words in commands:
        cli.ok(*words, *(["--yes"] if words[0] == "uninstall" else []))
    assert cli.ok("list", "-o", "json").json == []
