"""Charts as they are written: made, checked, packaged, signed; and what is installed is what was made."""

from __future__ import annotations

from tests.e2e.conftest import Cli


def test_a_new_chart_installs_as_it_is(cli: Cli) -> None:
    cli.ok("create", "web")
    cli.ok("install", "shop", "web")
    assert {"shop-web-0", "shop-web-1"} <= set(cli.guests())
    assert "shop-web-0" in cli.ok("get", "notes", "shop").out
    cli.ok("test", "shop")
    again = cli.ok("upgrade", "shop", "web", "--set", "replicas=2")
    assert "0 to" not in again.out
    cli.ok("upgrade", "shop", "web", "--set", "replicas=3,firewall.enabled=true,network.vlan=20")
    assert "shop-web-2" in cli.guests()
    cli.ok("test", "shop")
    cli.ok("uninstall", "shop", "--yes")
    assert "shop-web-0" not in cli.guests()
