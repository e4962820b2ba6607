"""Bad input: one clear error that says what, where and what to do; the right exit code; nothing changed."""

from __future__ import annotations

import json
import os

import pytest

from tests.e2e.conftest import Cli, simulator
from tests.e2e.elsewhere import only_here

pytestmark = pytest.mark.everywhere("soak")

HEAD = "apiVersion: proxmox.io/v1\nkind: VirtualMachine\nmetadata: { name: web }\n"
ACL = "apiVersion: proxmox.io/v1\nkind: ACL\nmetadata: { name: amy }\n"
VM = HEAD + "spec:\n  node: pve-node1\n  memory: 512\n  disks: [{ storage: local-lvm, size: 1G }]\n"


@pytest.mark.parametrize(
    ("text", "place", "says", "hint"),
    [
        ("spec: [1, 2\n", "bad.yaml:2:1", "not valid YAML", ""),
        ("a: 1\n  b: 2\n", "bad.yaml:2:4", "not valid YAML", ""),
        (HEAD.replace("VirtualMachine", "VirtualMachin"), "bad.yaml:2:1", "no kind 'VirtualMachin'", "virtualmachine"),
        (HEAD.replace("io/v1", "io/v2"), "bad.yaml:1:1", "apiVersion 'proxmox.io/v2' is not known", "proxmox.io/v1"),
        (HEAD + "spec: { memroy: 512 }\n", "bad.yaml:4:9", "spec.memroy: there is no such field", "memory"),
        (HEAD + "spec: { cores: 4 }\n", "bad.yaml:4:9", "spec.cores: there is no such field", "write cpu.cores"),
        (HEAD + "spec: { net0: x }\n", "bad.yaml:4:9", "spec.net0: there is no such field", "write networks"),
        (HEAD + "spec: { iso: x }\n", "bad.yaml:4:9", "spec.iso: there is no such field", ""),
        (VM.replace("size: 1G", "sise: 1G"), "bad.yaml:7:", "spec.disks[0].sise: there is no such field", "size"),
        (VM.replace("memory: 512", "memory: lots"), "bad.yaml:6:3", "'lots' is not an amount of memory", ""),
        (VM.replace("memory: 512", 'memory: "512"'), "bad.yaml:6:3", "without a unit", ""),
        (VM.replace("size: 1G", "size: 1X"), "bad.yaml:7:", "'1X' is not a size", ""),
        (VM.replace("size: 1G", "size: 1"), "bad.yaml:7:", "1 has no unit; write 1G", ""),
        (HEAD + 'spec: { cpu: { cores: "4" } }\n', "bad.yaml:4:16", "'4' is not a whole number", "remove the quotes"),
        (HEAD + "spec: { cpu: { cores: 0 } }\n", "bad.yaml:4:16", "0 is too small: 1 or more", ""),
        (HEAD + "spec: { onboot: maybe }\n", "bad.yaml:4:9", "'maybe' is not true or false", ""),
        (HEAD + "spec: { bios: efi }\n", "bad.yaml:4:9", "'efi' is not one of", ""),
        (HEAD + "spec: { disks: yes }\n", "bad.yaml:4:9", "True is not a list", ""),
        (HEAD + "spec: hello\n", "bad.yaml:4:1", "spec is a mapping, not 'hello'", ""),
        (HEAD.replace("name: web", "nam: web"), "bad.yaml:3:", "metadata.nam: there is no such field", "name"),
        (HEAD.replace("name: web", "name: 17"), "bad.yaml:3:", "metadata.name 17 is not a name", '"17"'),
        (HEAD.replace("name: web", "name: my_web"), "bad.yaml:3:", "cannot name a guest", ""),
        ("kind: VirtualMachine\nmetadata: { name: web }\n", "bad.yaml:1:1", "apiVersion is missing", ""),
        ("- 1\n", "bad.yaml:1:1", "a manifest is a mapping", ""),
        (ACL + "spec: { path: /, user: amy@pve }\n", "bad.yaml:4:1", "spec.role: is required", ""),
        (HEAD + "spec: { memory: 512, memory: 1024 }\n", "bad.yaml:4:22", "'memory' stands here twice", ""),
        (
            f"{VM}---\n{VM}",
            "bad.yaml:11:13",
            "VirtualMachine default/web is declared twice, first at bad.yaml:3:13",
            "",
        ),
        (
            "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: p, namespace: n }\n",
            "bad.yaml:3:22",
            "Pool is cluster-wide",
            "remove it",
        ),
    ],
)
def test_a_manifest_that_is_wrong_in_itself(bare: Cli, text: str, place: str, says: str, hint: str) -> None:
    answer = bare("validate", "-f", bare.write("bad.yaml", text))
    assert answer.code == 1
    assert answer.err.startswith(place), answer.err
    assert says in answer.err
    assert hint in answer.err
    assert "Traceback" not in answer.err


def test_all_mistakes_are_told_at_once(bare: Cli) -> None:
    bare.write("bad.yaml", HEAD + "spec: { memroy: 1, onboot: 3, cpu: { cores: x } }\n")
    answer = bare("validate", "-f", "bad.yaml")
    assert answer.err.count("error:") == 3
    assert "3 errors; nothing was changed" in answer.err


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        (VM + "  template: debian-13\n", "there is no template 'debian-13'", "debian-12-template"),
        (VM.replace("storage: local-lvm", "storage: fast"), "there is no storage 'fast'", "local-lvm"),
        (VM.replace("pve-node1", "pve9"), "there is no node 'pve9' online", "pve-node1, pve-node2"),
        (VM + "  cdrom: [{ iso: 'local:iso/none.iso' }]\n", "there is no volume 'local:iso/none.iso'", "local:iso/"),
        (VM + "  options: { colour: blue }\n", "colour", ""),
        (
            "apiVersion: proxmox.io/v1\nkind: Container\nmetadata: { name: c }\nspec: { memory: 64 }\n",
            "needs something to be made from",
            "ostemplate",
        ),
        (
            VM.replace("size: 1G", "size: 1G") + "  vmid: 9000\n",
            "VMID 9000 is taken by debian-12-template",
            "free one",
        ),
    ],
)
def test_a_manifest_that_names_what_is_not_there(cli: Cli, text: str, says: str, hint: str) -> None:
    before = cli.guests()
    answer = cli("apply", "-f", cli.write("bad.yaml", text), "--yes")
    assert answer.code in (1, 6)
    assert says in answer.err, answer.err
    assert hint in answer.err, answer.err
    assert cli.guests().keys() == before.keys()


def test_a_disk_cannot_shrink_and_the_place_is_told(cli: Cli) -> None:
    cli.ok("apply", "-f", cli.write("vm.yaml", VM.replace("size: 1G", "size: 4G")))
    answer = cli("apply", "-f", cli.write("vm.yaml", VM))
    assert answer.code == 1
    assert "vm.yaml:7:" in answer.err
    assert "a disk cannot shrink, and this one has 4G" in answer.err


def test_a_cluster_that_is_down(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_ENDPOINTS", "http://127.0.0.1:9")
    monkeypatch.setenv("PROXMOX_TOKEN_ID", "root@pam!x")
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", "nothing")
    answer = bare("get", "vms")
    assert answer.code == 7
    assert "127.0.0.1:9" in answer.err
    assert "nothing" not in answer.err


def test_a_wrong_token(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(cli, "it changes the context of this machine's store")
    token_id = cli.ready["token"].partition("=")[0]
    cli.ok(
        "config", "set-context", "lab", "--token-id", token_id, "--token-secret", "00000000-0000-0000-0000-000000000000"
    )
    answer = cli("get", "vms")
    assert answer.code == 4
    assert "00000000" not in answer.err


def test_a_login_that_may_do_nothing(cli: Cli) -> None:
    only_here(cli, "it changes the context of this machine's store")
    cli.api("POST", "/access/users", userid="guest@pve", password="guest-password")
    cli.ok("config", "set-context", "lab", "--user", "guest@pve", "--password", "guest-password")
    before = cli.guests()
    answer = cli("apply", "-f", cli.write("vm.yaml", VM))
    assert answer.code == 4, answer
    assert "this login sees no storage at all" in answer.err
    assert cli.guests().keys() == before.keys()


def test_a_certificate_that_is_not_the_pinned_one(bare: Cli) -> None:
    with simulator() as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        token_id, _, secret = ready["token"].partition("=")
        login = ["--endpoint", ready["url"], "--token-id", token_id, "--token-secret", secret]
        try:
            bare.ok("config", "set-context", "lab", *login, "--fingerprint", ":".join(["AB"] * 32))
            answer = bare("get", "vms")
            assert answer.code == 4
            assert ready["fingerprint"] in answer.err, "what was seen stands beside what was expected"
            bare.ok("config", "set-context", "lab", "--fingerprint", ready["fingerprint"])
            bare.ok("get", "vms")
        finally:
            process.terminate()


def test_no_context_says_how_to_make_one(bare: Cli) -> None:
    answer = bare("get", "vms")
    assert answer.code == 5
    assert "proxmox-cli simulate" in answer.err
    assert "config/proxmox.example.yml" in answer.err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("gett", "vms"), 2, "Did you mean get?"),
        (("get", "vmz"), 5, "did you mean vm"),
        (("get", "vm", "nobody"), 5, "there is no VirtualMachine 'nobody'"),
        (("get", "vm", "debian-12-template"), 5, "proxmox-cli get virtualmachinetemplates -A"),
        (("get", "vms", "-o", "xml"), 2, "there is no output 'xml'"),
        (("get", "vms", "-l", "a=b=c"), 2, "is not a selector"),
        (("plan",), 2, "no manifests given"),
        (("plan", "-f", "nothing.yaml"), 5, "there is no file nothing.yaml"),
        (("apply", "nothing.plan"), 5, "there is no plan file"),
        (("history", "nothing"), 5, "there is no application 'nothing'"),
        (("rollback", "nothing", "1"), 5, "has no revision 1"),
        (("explain", "vm.cpu.coers"), 5, "did you mean cores?"),
        (("logs", "nobody"), 5, "there is no guest 'nobody'"),
        (("delete", "vm"), 2, "nothing says which ones"),
        (("--context", "x"), 2, "No such option"),
        (("get", "vms", "--context", "nowhere"), 5, "there is no context 'nowhere'"),
    ],
)
def test_a_command_that_is_wrong(cli: Cli, words: tuple[str, ...], code: int, says: str) -> None:
    answer = cli(*words)
    assert (answer.code, says in answer.err) == (code, True), answer


def test_a_restart_is_refused_unless_it_is_allowed(cli: Cli) -> None:
    running = VM + "  state: running\n"
    cli.ok("apply", "-f", cli.write("vm.yaml", running))
    cli.write("vm.yaml", VM + "  state: stopped\n")
    answer = cli("apply", "-f", "vm.yaml", "--yes")
    assert answer.code == 6
    assert "--allow stop-start" in answer.err
    assert cli.guests()["web"]["status"] == "running"
    cli.ok("apply", "-f", "vm.yaml", "--allow", "stop-start")
    assert cli.guests()["web"]["status"] == "stopped"


def test_somebody_elses_guest_is_not_touched(cli: Cli) -> None:
    cli.api("POST", "/nodes/pve-node1/qemu", vmid=500, name="web", memory=256)
    answer = cli("apply", "-f", cli.write("vm.yaml", VM), "--yes")
    assert answer.code == 6
    assert "--adopt" in answer.err
    assert "memory" not in (cli.workspace / "none").name
    assert cli.api("GET", "/nodes/pve-node1/qemu/500/config")["memory"] == "256"
    cli.ok("apply", "-f", "vm.yaml", "--adopt")
    assert cli.api("GET", "/nodes/pve-node1/qemu/500/config")["memory"] == "512"


def test_pruning_needs_leave_to_lose_data(cli: Cli) -> None:
    both = VM + "---\n" + VM.replace("name: web", "name: db")
    cli.ok("apply", "-f", cli.write("vm.yaml", both))
    cli.write("vm.yaml", VM)
    assert "VirtualMachine default/db (--prune deletes)" in cli.ok("plan", "-f", "vm.yaml").out
    refused = cli("apply", "-f", "vm.yaml", "--prune", "--yes")
    assert refused.code == 6
    assert "--allow data-loss" in refused.err
    assert "db" in cli.guests()
    cli.ok("apply", "-f", "vm.yaml", "--prune", "--allow", "data-loss", "--yes")
    assert cli.guests().keys() & {"web", "db"} == {"web"}


def test_a_home_that_cannot_be_written(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_MPC_HOME", "/proc/nowhere")
    answer = bare("config", "get-contexts")
    assert answer.code in (1, 2)
    assert "Traceback" not in answer.err
    assert os.path.basename("/proc/nowhere") in answer.err


def test_files_without_a_manifest_are_a_mistake(cli: Cli) -> None:
    answer = cli("plan", "-f", cli.write("empty.yaml", "# nothing yet\n"))
    assert (answer.code, "there is no manifest in empty.yaml" in answer.err) == (2, True)


def test_the_command_under_a_plan_does_what_was_shown(cli: Cli) -> None:
    name = cli.write("lab dir/pool.yaml", "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: lab }\n")
    out = cli.ok("plan", "-f", "lab dir", "-R", "--app", "mine", "--prune", "--allow", "restart").out
    assert "proxmox-cli apply -f 'lab dir' -R --prune --app mine --allow restart" in out
    cli.api("POST", "/pools", poolid="lab", comment="Theirs")
    cli.write(name, "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: lab }\nspec: { comment: Ours }\n")
    refused = cli("plan", "-f", name)
    assert "apply it with" not in refused.out
    assert "would refuse" in refused.out


def test_what_a_plan_deletes_must_not_be_named_any_more(cli: Cli) -> None:
    cli.write("web.yaml", VM)
    rules = "apiVersion: proxmox.io/v1\nkind: FirewallOptions\nmetadata: { name: guest/web }\nspec: { enabled: true }\n"
    cli.ok("apply", "-f", cli.write("both.yaml", f"{VM}---\n{rules}"))
    answer = cli("plan", "-f", cli.write("both.yaml", rules), "--prune", "--allow", "data-loss")
    assert answer.code == 1
    assert answer.err.startswith("both.yaml:3:")
    assert "needs VirtualMachine default/web, which this plan deletes" in answer.err
