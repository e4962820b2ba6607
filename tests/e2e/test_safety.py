"""What must never happen: data lost, guests stopped, other people's objects changed, without leave."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Cli, simulator

HEAD = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: web }\n"
CLONE = HEAD + "spec:\n  node: pve-node1\n  template: debian-12-template\n"
TWO_DISKS = (
    HEAD
    + "spec:\n  node: pve-node1\n  memory: 512\n  disks:\n"
    + "    - { slot: scsi0, storage: local-lvm, size: 1G }\n    - { slot: scsi1, storage: local-lvm, size: 2G }\n"
)
ONE_DISK = TWO_DISKS.rpartition("    - {")[0]


def config(cli: Cli, name: str = "web") -> dict[str, object]:
    guest = cli.guests()[name]
    return dict(cli.api("GET", f"/nodes/{guest['node']}/{guest['type']}/{guest['vmid']}/config"))


def test_a_replacement_that_could_not_be_made_destroys_nothing(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE))
    vmid = cli.guests()["web"]["vmid"]
    cli.write("vm.yaml", CLONE.replace("debian-12-template", "debian-13-templat"))
    answer = cli("apply", "-f", "vm.yaml", "--allow", "data-loss", "--yes")
    assert answer.code == 1
    assert "there is no template 'debian-13-templat'" in answer.err
    assert cli.guests()["web"]["vmid"] == vmid


def test_a_clone_keeps_its_boot_disk_when_the_manifest_stops_speaking_of_it(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE))
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE + "  disks: [{ storage: local-lvm, size: 10G }]\n"))
    assert "size=10G" in str(config(cli)["scsi0"])
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE))
    cli.ok("rollback", "vm", "1", "--yes")
    assert "size=10G" in str(config(cli)["scsi0"])
    assert "unused0" not in config(cli)


def test_a_clones_boot_disk_stays_when_its_manifest_forgets_the_template(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE))
    cli.write("vm.yaml", HEAD + "spec: { node: pve-node1, memory: 1024, cpu: { cores: 2 } }\n")
    changes = [
        c["path"] for step in cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["steps"] for c in step["changes"]
    ]
    assert not [path for path in changes if path.startswith("disks")], changes


def test_taking_a_disk_away_needs_leave_and_keeps_its_volume(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", TWO_DISKS))
    cli.write("vm.yaml", ONE_DISK)
    refused = cli("apply", "-f", "vm.yaml", "--yes")
    assert refused.code == 6
    assert "scsi1" in config(cli)
    plan = cli("plan", "-f", "vm.yaml").out
    assert "its volume is kept as unused" in plan
    cli.ok("apply", "-f", "vm.yaml", "--allow", "stop-start", "--yes")
    assert "unused0" in config(cli)


def test_with_data_loss_allowed_the_plan_says_so_and_asks(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", TWO_DISKS))
    cli.write("vm.yaml", ONE_DISK)
    asked = cli("apply", "-f", "vm.yaml", "--allow", "data-loss")
    assert asked.code == 6, "nobody is here to answer"
    assert "its volume destroyed" in asked.out
    assert "scsi1" in config(cli)
    cli.ok("apply", "-f", "vm.yaml", "--allow", "data-loss", "--yes")
    assert not {"scsi1", "unused0"} & config(cli).keys()


def test_a_disk_taken_out_of_a_list_without_slots_is_not_guessed(cli: Cli) -> None:
    disks = "  disks: [{ storage: local-lvm, size: 1G }, { storage: local-lvm, size: 2G }, { storage: local-lvm, size: 3G }]\n"
    cli.ok("apply", "-f", cli.write("vm.yaml", HEAD + "spec:\n  memory: 512\n" + disks))
    cli.write("vm.yaml", HEAD + "spec:\n  memory: 512\n" + disks.replace("{ storage: local-lvm, size: 2G }, ", ""))
    answer = cli("apply", "-f", "vm.yaml", "--allow", "data-loss", "--yes")
    assert answer.code == 1
    assert "name the slots" in answer.err
    assert "size=2G" in str(config(cli)["scsi1"])


def test_a_changed_boot_order_moves_no_disk(cli: Cli) -> None:
    disks = "  disks: [{ storage: local-lvm, size: 10G }, { storage: local, size: 2G }]\n"
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE + disks))
    guest = cli.guests()["web"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{guest['vmid']}/config", boot="order=scsi1;scsi0")
    assert cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["empty"]


def test_a_disk_that_somebody_added_is_not_taken_over(cli: Cli) -> None:
    one = HEAD + "spec:\n  node: pve-node1\n  memory: 512\n  disks: [{ storage: local-lvm, size: 1G }]\n"
    cli.ok("apply", "-f", cli.write("vm.yaml", one))
    guest = cli.guests()["web"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{guest['vmid']}/config", scsi1="local-lvm:7")
    cli.ok("apply", "-f", cli.write("vm.yaml", one.replace("1G }]", "1G }, { storage: local-lvm, size: 9G }]")))
    assert "size=7G" in str(config(cli)["scsi1"])
    assert "size=9G" in str(config(cli)["scsi2"])


def test_a_cdrom_leaves_the_cloud_init_drive_alone(cli: Cli) -> None:
    iso = "  cdrom: [{ iso: 'local:iso/debian-12.8.0-amd64-netinst.iso' }]\n"
    cli.ok("apply", "-f", cli.write("vm.yaml", CLONE + "  cloudInit: { user: admin }\n" + iso))
    found = config(cli)
    assert "cloudinit" in str(found["ide2"])
    assert "netinst.iso" in str(found["ide0"])


@pytest.mark.parametrize(
    "spec",
    [
        "disks: [{ slot: scsi0, storage: local, size: 1G }, { slot: scsi0, storage: local, size: 2G }]",
        "{ disks: [{ slot: ide2, storage: local, size: 1G }], cdrom: [{ slot: ide2, iso: none }] }",
        "networks: [{ slot: net0, bridge: vmbr0 }, { slot: net0, bridge: vmbr1 }]",
    ],
)
def test_one_slot_for_two_things_is_refused(bare: Cli, spec: str) -> None:
    answer = bare(
        "validate",
        "-f",
        bare.write(
            "vm.yaml", HEAD + f"spec: {{ {spec.strip('{} ')} }}\n" if spec[0] != "{" else HEAD + f"spec: {spec}\n"
        ),
    )
    assert answer.code == 1
    assert "is used twice" in answer.err


def test_a_tag_does_not_restart_a_container(cli: Cli) -> None:
    container = (
        "apiVersion: proxmox.io/v1\nkind: Container\nmetadata: { name: cache }\nspec:\n  state: running\n"
        "  ostemplate: local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst\n  rootfs: { storage: local-lvm, size: 4G }\n"
        "  tags: [a]\n  sshKeys: []\n"
    )
    cli.ok("apply", "-f", cli.write("ct.yaml", container))
    plan = cli.ok(
        "plan", "-f", cli.write("ct.yaml", container.replace("[a]", "[a, b]")), "--allow", "restart", "-o", "json"
    )
    assert [step["impact"] for step in plan.json["steps"]] == ["none"]


def test_control_parameters_are_no_options(bare: Cli) -> None:
    for name, value in (
        ("delete", "scsi1"),
        ("force", "1"),
        ("skiplock", "1"),
        ("unused0", "x"),
        ("scsi5", "local:1"),
        ("template", "1"),
    ):
        text = HEAD + f"spec: {{ options: {{ {name}: '{value}' }} }}\n"
        answer = bare("validate", "-f", bare.write("vm.yaml", text))
        assert answer.code == 1, name


def test_arguments_are_written_as_they_stand(cli: Cli) -> None:
    args = "-device vfio-pci,host=01:00.0,multifunction=on -cpu host,hv_vendor_id=x"
    plan = cli.ok(
        "plan",
        "-f",
        cli.write("vm.yaml", HEAD + f"spec: {{ memory: 512, args: '{args}' }}\n"),
        "-o",
        "json",
    )
    changes = {change["path"]: change["new"] for change in plan.json["steps"][0]["changes"]}
    assert changes["args"] == args


def test_two_storages_in_one_file(cli: Cli) -> None:
    text = "apiVersion: proxmox.io/v1\nkind: Storage\nmetadata: { name: NAME }\nspec: { type: dir, path: /srv/NAME, content: [iso] }\n"
    both = "---\n".join(text.replace("NAME", name) for name in ("one", "two", "three"))
    cli.ok("apply", "-f", cli.write("s.yaml", both))
    cli.ok("apply", "-f", cli.write("s.yaml", both.replace("[iso]", "[iso, backup]")))
    contents = {row["storage"]: row["content"] for row in cli.api("GET", "/storage")}
    assert all(set(contents[name].split(",")) == {"iso", "backup"} for name in ("one", "two", "three"))
    pruned = cli(
        "apply",
        "-f",
        cli.write("s.yaml", both.rpartition("---\n")[0].replace("[iso]", "[iso, backup]")),
        "--prune",
        "--yes",
    )
    assert pruned.code == 6, "whatever is on it could not be reached any more"
    cli.ok("apply", "-f", "s.yaml", "--prune", "--allow", "replace", "--yes")
    assert "three" not in {row["storage"] for row in cli.api("GET", "/storage")}


def test_a_file_is_uploaded_once_and_known_afterwards(cli: Cli) -> None:
    cli.write("tiny.iso", "x" * 4096)
    text = (
        "apiVersion: proxmox.io/v1\nkind: StorageFile\nmetadata: { name: tiny.iso }\n"
        "spec: { storage: local, node: pve-node1, content: iso, source: tiny.iso }\n"
    )
    cli.ok("apply", "-f", cli.write("f.yaml", text))
    assert cli.ok("plan", "-f", "f.yaml", "-o", "json").json["empty"]
    assert cli.ok("status", "f", "-o", "json").json[0]["health"] == "synced"
    cli.ok("delete", "-f", "f.yaml", "--yes")
    assert "tiny.iso" not in str(cli.api("GET", "/nodes/pve-node1/storage/local/content"))


def test_a_clone_by_hand_is_nobodys(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", TWO_DISKS))
    guest = cli.guests()["web"]
    cli.api("POST", f"/nodes/pve-node1/qemu/{guest['vmid']}/clone", newid=900, name="copy", full=1)
    shown = cli.ok("describe", "vm", "900", "-o", "json").json[0]
    assert shown["application"] == ""
    assert cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["empty"]


def test_a_lost_mark_is_written_again(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", TWO_DISKS))
    guest = cli.guests()["web"]
    cli.api("PUT", f"/nodes/pve-node1/qemu/{guest['vmid']}/config", description="my own words")
    plan = cli.ok("plan", "-f", "vm.yaml").out
    assert "its mark was lost; it is written again" in plan
    cli.ok("apply", "-f", "vm.yaml")
    assert "my own words" in str(config(cli)["description"])
    assert "proxmox-mpc" in str(config(cli)["description"])
    assert cli.ok("plan", "-f", "vm.yaml", "-o", "json").json["empty"]


def test_rollback_without_a_number_goes_one_back(cli: Cli) -> None:
    for memory in (512, 1024, 2048):
        cli.ok("apply", "-f", cli.write("vm.yaml", TWO_DISKS.replace("memory: 512", f"memory: {memory}")))
    cli.ok("rollback", "vm", "--yes")
    assert config(cli)["memory"] == "1024"


def test_a_context_that_points_elsewhere_is_noticed(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", TWO_DISKS))
    with simulator("--http", "--preset", "golden") as process:
        assert process.stdout is not None
        other = json.loads(process.stdout.readline())
        login = ["--user", other["user"], "--password", other["password"]]
        cli.ok("config", "set-context", "lab", "--endpoint", other["url"], *login)
        answer = cli("plan", "-f", "vm.yaml", "--prune")
        process.terminate()
    assert answer.code == 6
    assert "means cluster" in answer.err


def test_insecure_is_a_word_that_cannot_be_quoted(bare: Cli) -> None:
    entry = "contexts: { a: { endpoints: [pve1], user: a@pam, password: b, insecure: 'false' } }\n"
    bare.write("config/proxmox.yml", entry)
    answer = bare("get", "vms")
    assert answer.code == 1
    assert "true or false, without quotes" in answer.err
