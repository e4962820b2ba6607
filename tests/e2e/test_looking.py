"""Looking at a cluster: listing, selecting, describing, explaining, and where contexts come from."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.e2e.conftest import Cli, simulated
from tests.e2e.elsewhere import only_here

pytestmark = pytest.mark.everywhere

VM = """\
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: NAME, namespace: shop }
spec: { node: pve-node1, memory: 512, disks: [{ storage: local-lvm, size: 1G }], tags: [TAGS] }
"""


@pytest.fixture
def shop(cli: Cli) -> Cli:
    texts = [
        VM.replace("NAME", f"web-{n}").replace("TAGS", tags) for n, tags in enumerate(["web, env-prod", "web", "db"])
    ]
    cli.ok("apply", "-f", cli.write("shop.yaml", "---\n".join(texts)))
    return cli


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["web-0", "web-1", "web-2"]),
        (("-n", "shop"), ["web-0", "web-1", "web-2"]),
        (("-l", "web"), ["web-0", "web-1"]),
        (("-l", "!web"), ["web-2"]),
        (("-l", "env=prod"), ["web-0"]),
        (("-l", "env!=prod", "-n", "shop"), ["web-1", "web-2"]),
        (("-l", "web,env=prod"), ["web-0"]),
        (("--field-selector", "status=stopped,node=pve-node1", "-n", "shop"), ["web-0", "web-1", "web-2"]),
        (("web-1",), ["web-1"]),
        (("shop/web-1",), ["web-1"]),
        (("100",), ["web-0"]),
    ],
)
def test_what_is_selected(shop: Cli, words: tuple[str, ...], names: list[str]) -> None:
    listed = shop.ok("get", "vms", *words, "-o", "name").out.split()
    assert listed == [f"virtualmachine/{name}" for name in names]


def test_every_output_says_the_same(shop: Cli) -> None:
    names = ["web-0", "web-1", "web-2"]
    found = shop.ok("get", "vms", "-n", "shop", "-o", "json").json["items"]
    assert [item["metadata"]["name"] for item in found] == names
    assert all(item["identity"]["node"] == "pve-node1" and item["spec"]["node"] == "pve-node1" for item in found)
    table = shop.ok("get", "vms", "-n", "shop").out.splitlines()
    assert [line.split()[1] for line in table] == ["NAME", *names]
    assert [line.split()[1] for line in shop.ok("get", "vms", "-n", "shop", "--no-headers").out.splitlines()] == names
    rows = list(csv.DictReader(io.StringIO(shop.ok("get", "vms", "-n", "shop", "-o", "csv").out)))
    assert [row["name"] for row in rows] == names
    template = "{range .items[*]}{.metadata.name}={.status.status};{end}"
    assert (
        shop.ok("get", "vms", "-n", "shop", "-o", f"jsonpath={template}").out.strip()
        == ";".join(f"{name}=stopped" for name in names) + ";"
    )
    assert shop.ok("get", "vm", "web-0", "-o", "jsonpath={.metadata.namespace}").out.strip() == "shop"
    columns = shop.ok(
        "get", "vms", "-n", "shop", "-o", "custom-columns=N:.metadata.name,X:.spec.nothing"
    ).out.splitlines()
    assert [line.split() for line in columns] == [["N", "X"], *([name, "<none>"] for name in names)]
    by_vmid = shop.ok("get", "vms", "--sort-by", "vmid", "-o", "json").json["items"]
    vmids = [item["identity"]["vmid"] for item in by_vmid]
    assert vmids == sorted(vmids)


def test_reading_one_guest_reads_one_config(shop: Cli) -> None:
    assert shop.ok("get", "vm", "web-0", "-o", "yaml").out.startswith(
        "apiVersion: proxmox.io/v1\nkind: VirtualMachine\n"
    )
    described = shop.ok("describe", "vm", "web-0").out
    for part in ("Owner:", "shop", "Manifest:", "local-lvm", "create-done"):
        assert part in described


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("vm", ["memory", "512", "Example:", "kind: VirtualMachine"]),
        ("vm.disks", ["size", "iothread"]),
        ("VirtualMachine.cpu.cores", ["integer", "at least 1", "pending until reboot", "PVE parameter:  cores"]),
        ("vm.spec.disks.size", ["size", "50G", "scsiN, virtioN, sataN, ideN: size"]),
        ("vm.cloudInit.password", ["secret: written, never read or shown"]),
        ("ct.features.nesting", ["true or false", "features: nesting"]),
        ("storage.type", ["replace"]),
        ("vm.bios", ["one of seabios, ovmf"]),
    ],
)
def test_explain_knows_its_fields(bare: Cli, path: str, says: list[str]) -> None:
    text = bare.ok("explain", path).out
    for part in says:
        assert part in text, text


def test_discover_shows_the_cluster_and_remembers_it(cli: Cli) -> None:
    first = cli.ok("discover", "-o", "json").json
    assert [node["name"] for node in first["nodes"]] == ["pve-node1", "pve-node2", "pve-node3"]
    assert first["counts"]["templates"] == 1
    assert first["changes"] > 0
    assert cli.ok("discover", "-o", "json").json["changes"] == 0
    cli.api("POST", "/nodes/pve-node1/qemu", vmid=700, name="new")
    assert cli.ok("discover", "-o", "json").json["changes"] == 1


def test_drift_names_who_was_at_it(shop: Cli) -> None:
    vmid = shop.guests()["web-0"]["vmid"]
    shop.api("POST", f"/nodes/pve-node1/qemu/{vmid}/config", memory=1024)
    members = shop.ok("status", "shop", "-o", "json").json[0]["members"]
    drifted = [member["detail"] for member in members if member["state"] == "drifted"]
    assert len(drifted) == 1
    assert drifted[0].startswith("memory is 1024, not 512")


def test_tasks_and_logs(shop: Cli) -> None:
    tasks = shop.ok("tasks", "-o", "json").json
    assert {task["type"] for task in tasks} >= {"qmcreate"}
    assert "TASK OK" in shop.ok("logs", tasks[0]["upid"]).out
    assert "TASK OK" in shop.ok("logs", "web-0").out
    assert shop.ok("wait", tasks[0]["upid"]).out.endswith("OK\n")
    assert shop("wait", "vm/web-0", "--for", "running", "--timeout", "0.1").code == 1


def test_contexts_come_from_flag_environment_workspace_and_store(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    only_here(cli, "which of this machine's contexts is chosen is asked of this machine")
    token_id, _, secret = cli.ready["token"].partition("=")
    entry = {"endpoints": [cli.ready["url"]], "token_id": token_id, "token_secret": secret}
    cli.write("config/proxmox.yml", json.dumps({"current": "file", "contexts": {"file": entry}}))
    current = lambda: [c["name"] for c in cli.ok("config", "get-contexts", "-o", "json").json if c["current"]]  # noqa: E731
    assert current() == ["file"]
    assert "file: PVE 9.1" in cli.ok("test-connection").out
    cli.write(
        ".env", f"PROXMOX_ENDPOINTS={cli.ready['url']}\nPROXMOX_TOKEN_ID={token_id}\nPROXMOX_TOKEN_SECRET={secret}\n"
    )
    assert current() == ["environment"]
    assert "lab: PVE 9.1" in cli.ok("test-connection", "--context", "lab").out
    shown = cli.ok("config", "view").out
    assert secret not in shown


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("contexts: [", "config/proxmox.yml:1:", "not valid YAML"),
        ("contexts: {}\n", "config/proxmox.yml:1:1", "no contexts in it"),
        ("contexts: { a: { endpoint: x } }\n", "config/proxmox.yml:1:1", "there is no 'endpoint'"),
        ("contexts: { a: { user: x } }\n", "config/proxmox.yml:1:1", "needs endpoints"),
    ],
)
def test_a_context_file_that_is_wrong(bare: Cli, text: str, place: str, says: str) -> None:
    bare.write("config/proxmox.yml", text)
    answer = bare("get", "vms")
    assert answer.code == 1
    assert answer.err.startswith(place), answer.err
    assert says in answer.err


def test_options_are_checked_by_name(cli: Cli) -> None:
    text = VM.replace("NAME", "x").replace("TAGS", "a")
    wrong = cli("validate", "-f", cli.write("o.yaml", text.replace("memory: 512", "options: { rgn0: 1 }")))
    assert wrong.code == 1
    assert "no VirtualMachine option 'rgn0'" in wrong.err
    own = cli("validate", "-f", cli.write("o.yaml", text.replace("memory: 512", "options: { memory: 512 }")))
    assert "write spec.memory" in own.err
    root = cli.ok("plan", "-f", cli.write("o.yaml", text.replace("memory: 512", "args: -foo")))
    assert "only root@pam's own login may set this" in root.out


def test_completion_scripts(bare: Cli) -> None:
    for shell in ("bash", "zsh", "fish"):
        assert "_PROXMOX_CLI_COMPLETE" in bare.ok("completion", shell).out


def test_a_live_cluster_is_written_down_and_plans_to_nothing(cli: Cli) -> None:
    told = cli.ok("export", "manifests", "--out", "live")
    assert "manifests written below live" in told.out
    assert (cli.workspace / "live" / "default" / "virtualmachinetemplates" / "debian-12-template.yaml").exists()
    assert "No changes." in cli.ok("plan", "-f", "live", "-R").out
    one = cli.ok("export", "manifests", "vms", "storages").out
    assert one.startswith("apiVersion: proxmox.io/v1\nkind: Storage\n")
    assert one.count("---\n") == one.count("kind: ") - 1


STRANGE = "hostname: box\nrootfs: local-lvm:vm-150-disk-0,size=2G\nlxc.apparmor.profile: unconfined\n"
BOX = "apiVersion: proxmox.io/v1\nkind: Container\nmetadata: { name: box }\nspec: { onboot: true }\n"


def test_keys_that_nobody_knows_are_shown_and_kept(bare: Cli) -> None:
    guests = [{"vmid": 150, "type": "lxc", "node": "pve-node1", "conf": STRANGE}]
    seed = bare.write("seed.json", json.dumps({"guests": guests}))
    with simulated("--seed", seed) as ready:
        token_id, _, secret = ready["token"].partition("=")
        login = ("--token-id", token_id, "--token-secret", secret)
        bare.ready = ready
        bare.ok("config", "set-context", "lab", "--endpoint", ready["url"], *login)
        bare.ok("apply", "-f", bare.write("box.yaml", BOX), "--adopt")
        assert "lxc (keys that are kept as they are)" in bare.ok("describe", "ct", "box").out
        assert "not known here, and kept: lxc" in bare.ok("status", "box").out
        config = bare.api("GET", "/nodes/pve-node1/lxc/150/config")
        assert config["lxc"] == [["lxc.apparmor.profile", "unconfined"]]
