"""Templates as they are typed: made, shown apart from machines, kept while clones depend on them."""

from __future__ import annotations

from tests.e2e.conftest import Cli
from tests.e2e.test_crash_safety import GOLDEN


def test_a_template_from_an_image_to_nothing(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("golden.yaml", GOLDEN))
    assert cli("plan", "-f", "golden.yaml", "--exit-code").code == 0
    assert "golden" in cli.ok("get", "vmtemplates").out
    assert "golden" not in cli.ok("get", "vms").out
    assert "web" in cli.ok("get", "vms").out
    cli.write("golden.yaml", GOLDEN.replace("debian-13", "debian-14"))
    refused = cli("plan", "-f", "golden.yaml", "--allow", "data-loss")
    assert "is held by VirtualMachine default/web" in refused.out
    refused = cli("delete", "vmt", "golden", "--yes")
    assert (refused.code, "golden" in cli.guests()) == (6, True)
    assert "proxmox-cli delete virtualmachine web" in refused.err
    cli.ok("delete", "vm", "web", "--yes")
    cli.ok("apply", "-f", "golden.yaml", "--allow", "data-loss", "--yes")
    assert {"golden", "web"} <= cli.guests().keys()


def test_an_image_is_explained(cli: Cli) -> None:
    told = cli.ok("explain", "vmt.image.url").out
    assert "decided at creation" in told
    assert "checksum" in cli.ok("explain", "vmtemplate.image").out
