"""Guests that are created by options: as if somebody had written the manifest."""

from __future__ import annotations

import pytest
import yaml

from tests.e2e.conftest import Cli

pytestmark = pytest.mark.everywhere

CT_TEMPLATE = "local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst"
VM = (
    "--template",
    "debian-12-template",
    "--cores",
    "2",
    "--memory",
    "2G",
    "--disk",
    "local-lvm:8G",
    "--tag",
    "env-prod",
)


def test_a_vm_is_made_and_its_manifest_is_all_there_is(cli: Cli) -> None:
    key = cli.write("key.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB" + "a" * 42 + " amy\n")
    words = ("create", "vm", "web", *VM, "--user", "ops", "--ssh-key", key, "--ip", "dhcp", "--set", "cpu.type=host")
    written = cli.ok(*words, "--dry-run", "-o", "yaml").out
    spec = yaml.safe_load(written)["spec"]
    assert (spec["cpu"], spec["memory"]) == ({"cores": 2, "type": "host"}, "2G")
    assert spec["cloudInit"]["ipConfig"] == [{"ip": "dhcp"}]
    assert "+ VirtualMachine default/web" in cli.ok(*words, "--dry-run").out
    assert "web" not in cli.guests()
    made = cli.ok(*words, "--start")
    assert "web is at revision 1" in made.out
    assert cli.guests()["web"]["status"] == "running"
    cli.write("web.yaml", written)
    assert cli("plan", "-f", "web.yaml", "--app", "web", "--exit-code").code == 0
    again = cli(*words)
    assert (again.code, "there is a VirtualMachine web already" in again.err) == (6, True)


def test_a_container_is_made_noun_first(cli: Cli) -> None:
    words = ("--ostemplate", CT_TEMPLATE, "--disk", "local-lvm:4G", "--disk", "local-lvm:1G:/data", "--net", "vmbr0:20")
    cli.ok("ct", "create", "cache", *words, "--ip", "dhcp", "--app", "shop", "-n", "shop")
    row = cli.guests()["cache"]
    config = cli.api("GET", f"/nodes/{row['node']}/lxc/{row['vmid']}/config")
    assert "mp=/data" in config["mp0"]
    assert "tag=20" in config["net0"]
    assert "shop" in cli.ok("describe", "ct", "cache").out


def test_what_cannot_be_is_said_and_nothing_is_made(cli: Cli) -> None:
    before = set(cli.guests())
    for words, code, text in (
        (("create", "pool", "x"), 2, "create makes guests"),
        (("create", "vm", "x", "--disk", "local-lvm"), 2, "is no disk"),
        (("create", "vm", "x", "--set", "cpu.coers=2"), 1, "coers"),
        (("create", "vm", "x", "--set", "memory"), 2, "sets nothing"),
        (("create", "vm", "x", "--ostemplate", CT_TEMPLATE), 2, "for containers"),
        (("create", "ct", "x", "--iso", "local:iso/x.iso"), 2, "are for VMs"),
        (("create", "vm", "x", "--template", "nothing"), 1, "there is no template 'nothing'"),
        (("create", "vm", "x", "-o", "yaml"), 2, "with --dry-run also yaml"),
        (("create", "vm"), 2, "NAME"),
    ):
        answer = cli(*words)
        assert answer.code == code, answer
        assert text in answer.err
    assert set(cli.guests()) == before
