"""Charts as they are written: made, checked, packaged, signed; and what is installed is what was made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT, Cli

KEYS = ROOT / "tests" / "cases" / "signing"
EXAMPLES = sorted((ROOT / "examples" / "charts").glob("*/Chart.yaml"))


def test_a_new_chart_installs_as_it_is(cli: Cli) -> None:
    cli.ok("create", "web")
    cli.ok("install", "shop", "web")
    assert {"shop-web-0", "shop-web-1"} <= set(cli.guests())
    assert "shop-web-0" in cli.ok("get", "notes", "shop").out
    cli.ok("test", "shop")
    again = cli.ok("upgrade", "shop", "web", "--set", "replicas=2")
    assert "shop-web" not in again.out.partition("revision")[0].replace("GuestSet", ""), again.out
    cli.ok("upgrade", "shop", "web", "--set", "replicas=3,firewall.enabled=true,network.vlan=20")
    vmid = cli.guests()["shop-web-2"]["vmid"]
    node = cli.guests()["shop-web-2"]["node"]
    assert "tag=20" in cli.api("GET", f"/nodes/{node}/qemu/{vmid}/config")["net0"]
    assert [rule["macro"] for rule in cli.api("GET", f"/nodes/{node}/qemu/{vmid}/firewall/rules")] == ["SSH", "Ping"]
    cli.ok("test", "shop")
    cli.ok("uninstall", "shop", "--yes")
    assert "shop-web-0" not in cli.guests()


def test_a_new_chart_is_without_fault_and_nothing_is_overwritten(bare: Cli) -> None:
    assert "chart create" in bare("create", "vm").err
    made = bare.ok("chart", "create", "web")
    assert "proxmox-cli lint web" in made.out
    linted = bare.ok("lint", "web", "--strict")
    assert linted.out.splitlines()[-1] == "1 chart linted, 0 charts failed"
    findings = [line for line in linted.out.splitlines() if line.startswith("[")]
    assert findings == ["[INFO] Chart.yaml: icon is recommended"]
    bare.ok("template", "web", "--validate")
    with_all = "network.vlan=7,network.ipRange=10.0.0.20-10.0.0.60/24,network.gateway=10.0.0.1,firewall.enabled=true"
    bare.ok(
        "lint", "web", "--strict", "--set", with_all, "--set", "cloudInit.sshKeys={ssh-ed25519 AAAA a@b},tags={x,y}"
    )
    for wrong in ("replicas=many", "disk.size=20", "state=on", "replicas=-1"):
        refused = bare("lint", "web", "--set", wrong)
        assert refused.code == 1, wrong
        assert "[ERROR] values.yaml: - at '/" in refused.out
    assert bare("create", "web").code == 6
    bare.ok("create", "charts/db")
    assert "name: db\n" in (bare.workspace / "charts/db/Chart.yaml").read_text()
    for name in ("Web", "w" * 64, "two words", "charts/.."):
        assert bare("chart", "create", name).code in (1, 6), name
    assert sorted(path.name for path in bare.workspace.iterdir()) == ["charts", "web"]


def test_a_starter_is_a_chart_with_another_name(bare: Cli) -> None:
    bare.write("ours/Chart.yaml", "apiVersion: proxmox.io/v1\nname: ours\nversion: 0.1.0\n")
    bare.write("ours/templates/pool.yaml", "kind: Pool\nmetadata: { name: <CHARTNAME> }\napiVersion: proxmox.io/v1\n")
    bare.ok("create", "mine", "--starter", "ours")
    assert "name: mine\n" in (bare.workspace / "mine/Chart.yaml").read_text()
    assert "name: mine }" in bare.ok("template", "mine").out
    assert bare("create", "vm", "x", "--starter", "ours").code == 2


CHART = "apiVersion: proxmox.io/v1\nname: web\nversion: 0.1.0\nicon: https://x/y.png\n"
MISTAKES = {
    "templates/a.yaml": (
        "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: x }\nspec:\n  comment: a\n  {{ if true }}colour: red{{ end }}\n",
        "[ERROR] templates/a.yaml:6:16: ",
    ),
    "templates/b.yaml": (
        "apiVersion: proxmox.io/v1\nkind: Poool\nmetadata: { name: x }\n",
        "[ERROR] templates/b.yaml:2:1: ",
    ),
    "templates/c.yaml": ("a: {{ .Values.a.b.c }}\n", "[ERROR] templates/c.yaml:1:14: "),
    "templates/d.yaml": ("a: {{ nothing }}\n", "[ERROR] templates/"),
    "templates/e.yaml": (
        "apiVersion: proxmox.io/v1\nkind: Job\nmetadata: { name: x, annotations: { proxmox.io/hook: test } }\nspec: { steps: [] }\n",
        "[ERROR] templates/e.yaml:4:",
    ),
    "templates/f.yaml": (
        "apiVersion: proxmox.io/v1\nkind: Job\nmetadata: { name: x, annotations: { proxmox.io/hook: test, proxmox.io/hook-wait: 3 } }\n"
        "spec: { steps: [{ action: wait }] }\n",
        "[WARNING] templates/f.yaml: no hook has an annotation proxmox.io/hook-wait",
    ),
    "templates/g.yaml": (
        "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: x, annotations: { proxmox.io/hook: before-install } }\n",
        "unknown hook 'before-install'",
    ),
    "templates/h.yaml": (
        "{{ required `say which node` .Values.node }}",
        "[INFO] templates/: needs a value: say which node",
    ),
    "templates/i.png": ("", "file extension '.png' not valid"),
    "values.yaml": ("colour: red\n", "[INFO] values.yaml:1:1: no comment says what colour is"),
    "values.schema.json": ("{", "[ERROR] values.yaml: "),
    "Chart.yaml": ("name: web\n", "[ERROR] Chart.yaml: version is required"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_place(bare: Cli, name: str) -> None:
    bare.write("web/Chart.yaml", CHART)
    bare.write("web/values.yaml", "# A letter.\na: b\n")
    text, told = MISTAKES[name]
    bare.write(f"web/{name}", text)
    answer = bare("lint", "web")
    assert told in answer.out, answer.out + answer.err
    assert answer.code == ("[ERROR]" in answer.out)
    if "[WARNING]" in answer.out:
        assert bare("lint", "web", "--strict").code == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("values.schema.json", b'{"$schema": "htt*ap://json-schema.org/draft-07/schema#", "type": "object"}'),
        ("templates/a.yaml", b"apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: x }\nspec: { 'c[pu': 1 }\n"),
        (
            "templates/a.yaml",
            b"apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: x }\nspec: { comment: \xff }\n",
        ),
    ],
    ids=["unknown schema", "a name that no field has", "no text"],
)
def test_odd_content_is_a_finding_too(bare: Cli, name: str, content: bytes) -> None:
    bare.write("web/Chart.yaml", CHART)
    bare.write("web/values.yaml", "# A letter.\na: b\n")
    bare.write(f"web/{name}", "")
    (bare.workspace / "web" / name).write_bytes(content)
    answer = bare("lint", "web")
    assert answer.code == 1
    assert "[ERROR] " in answer.out, answer


def test_what_a_chart_should_have(bare: Cli) -> None:
    bare.write("web/Chart.yaml", "apiVersion: proxmox.io/v1\nname: web\nversion: '1'\ncolour: red\n")
    bare.write("web/values.yaml", "# Two.\nused:\n  inside: 1\nunused: 2 # not asked for\n")
    bare.write("web/templates/a.txt", "{{ .Values.used.inside }}")
    bare.write("web/charts/inner/Chart.yaml", "apiVersion: proxmox.io/v1\nname: inner\nversion: 0.1.0\nsources: [x]\n")
    out = bare("lint", "web").out
    for told in (
        'unknown field "colour"',
        "[WARNING] Chart.yaml: version '1' is not a valid SemVerV2",
        "[INFO] Chart.yaml: icon is recommended",
        "[INFO] README.md: a README is recommended",
        "[INFO] values.schema.json: a schema is recommended",
        "[WARNING] values.yaml: no template asks for unused",
        "chart metadata is missing these dependencies: inner",
    ):
        assert told in out, out
    assert "asks for used" not in out
    assert "no comment" not in out
    assert "[INFO]" not in bare("lint", "web", "-q").out
    inner = bare("lint", "web", "--with-subcharts")
    assert "==> Linting web/charts/inner" in inner.out
    assert "invalid source URL 'x'" in inner.out
    listed = bare("lint", "web", "-o", "json").json
    assert listed[0]["failed"] is True
    assert {"severity", "path", "line", "column", "message"} == set(listed[0]["charts"][0]["findings"][0])
    assert bare("lint", "nothing").code == 5
    bare.write("web/charts/q.tgz", "no archive")
    assert "error unpacking subchart q.tgz in web" in bare("lint", "web", "--with-subcharts").out
    bare.write("broken.tgz", "no archive")
    assert "gzip: invalid header" in bare("lint", "broken.tgz").err


@pytest.mark.parametrize("chart", EXAMPLES, ids=lambda path: path.parent.name)
def test_the_examples_are_without_fault(bare: Cli, chart: Path) -> None:
    values = sorted((chart.parent / "ci").glob("*.yaml"))
    given = [word for file in values for word in ("-f", str(file))]
    answer = bare("lint", str(chart.parent), *given)
    assert answer.code == 0, answer.out


def test_what_was_signed_is_known_again(bare: Cli) -> None:
    bare.ok("create", "web")
    signer = ("--sign", "--key", "Signer", "--keyring", str(KEYS / "signer.asc"))
    bare.ok("package", "web", "-d", "public", *signer)
    first = (bare.workspace / "public/web-0.1.0.tgz").read_bytes()
    bare.ok("package", "web", "-d", "again")
    assert (bare.workspace / "again/web-0.1.0.tgz").read_bytes() == first, "the same chart is the same archive"
    assert "signed by" in bare.ok("verify", "public/web-0.1.0.tgz", "--keyring", str(KEYS / "signer.asc")).out
    assert bare("verify", "public/web-0.1.0.tgz", "--keyring", str(KEYS / "other.asc")).code == 1
    assert "there is no provenance" in bare("verify", "again/web-0.1.0.tgz").err
    assert "there is no keyring" in bare("verify", "public/web-0.1.0.tgz", "--keyring", "none").err
    bare.ok("template", "public/web-0.1.0.tgz", "--verify", "--keyring", str(KEYS / "signer.asc"))
    bare.ok("push", "public/web-0.1.0.tgz", "oci-layout:images")
    where = "oci-layout:images/web:0.1.0"
    bare.ok("pull", where, "--prov", "-d", "back")
    assert (bare.workspace / "back/web-0.1.0.tgz.prov").is_file()
    bare.ok("show", "chart", where, "--verify", "--keyring", str(KEYS / "signer.asc"))
    bare.ok("package", "web", "-d", "public", "--app-version", "2")
    changed = bare("template", "public/web-0.1.0.tgz", "--verify", "--keyring", str(KEYS / "signer.asc"))
    assert "sha256 sum does not match" in changed.err
    assert bare("package", "web", "--sign").code == 2
    assert bare("template", "web", "--verify").code == 2


def test_a_chart_is_shown_in_parts(bare: Cli) -> None:
    bare.ok("create", "web")
    bare.write("web/kinds/pool.yaml", "apiVersion: proxmox.io/v1\nkind: Pool\nmetadata: { name: shop }\n")
    assert "name: web\n" in bare.ok("show", "chart", "web").out
    assert "# Memory of each" in bare.ok("show", "values", "web").out
    assert bare.ok("show", "readme", "web").out.startswith("# web\n")
    assert bare.ok("show", "kinds", "web").out.startswith("---\napiVersion: proxmox.io/v1\nkind: Pool")
    whole = bare.ok("show", "all", "web").out
    assert all(part in whole for part in ("# Memory of each", "# web\n", "kind: Pool"))
