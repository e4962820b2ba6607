"""The main job, told as a story on a simulated cluster: declare, plan, apply, drift, correct, roll back, delete.

`make demo` runs it. Every command is a real one, typed as you would type it; nothing outside a temporary folder and
this machine's loopback is touched.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import ssl
import subprocess
import sys
import tempfile
import textwrap
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
COLOUR = sys.stdout.isatty()
TIME_SCALE = "0.02"
"""The simulated cluster's tasks last as long as real ones would, times this."""


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def chapter(title: str, text: str) -> None:
    print(f"\n{paint('── ' + title + ' ' + '─' * max(0, 74 - len(title)), '1;36')}")
    print(textwrap.fill(text, 100))


def run(command: str, *, cwd: Path, env: dict[str, str], expect: tuple[int, ...] = (0,)) -> None:
    """Type one command, show what it answers, and stop the story if it ends otherwise than told."""
    print(f"\n{paint('$ ' + command, '1')}", flush=True)
    code = subprocess.run(shlex.split(command), cwd=cwd, env=env, check=False).returncode
    if code not in expect:
        sys.exit(f"demo: `{command}` ended with {code}, not {expect[0]}")


class Hand:
    """Somebody who changes things in the PVE web interface, past all manifests."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self._url, self._token = ready["url"], ready["token"]
        self._tls = ssl._create_unverified_context()  # the demo's own server, on loopback

    def __call__(self, method: str, path: str, **form: str) -> Any:
        body = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(f"{self._url}/api2/json{path}", data=body, method=method)
        request.add_header("Authorization", f"PVEAPIToken={self._token}")
        with urllib.request.urlopen(request, context=self._tls) as answer:
            return json.load(answer)["data"]


def story(work: Path, ready: dict[str, Any]) -> None:
    env = {**os.environ, "PROXMOX_MPC_HOME": str(work / "home")}
    for name in [name for name in env if name.startswith("PROXMOX_") and name != "PROXMOX_MPC_HOME"]:
        del env[name]
    token_id, _, secret = ready["token"].partition("=")

    def cli(command: str, *expect: int) -> None:
        run(f"proxmox-cli {command}", cwd=work, env=env, expect=expect or (0,))

    chapter(
        "1. A cluster", "A simulated PVE cluster of three nodes runs on this machine. A context says how to reach it."
    )
    trust = f"--fingerprint {ready['fingerprint']}"
    cli(f"config set-context demo --endpoint {ready['url']} --token-id {token_id} --token-secret {secret} {trust}")
    cli("test-connection")
    cli("discover")

    chapter("2. Declare", "The folder web-tier holds manifests: a pool, two VMs with cloud-init, a container.")
    run("cat web-tier/cache.yaml", cwd=work, env=env)
    cli("validate -f web-tier")

    chapter("3. Plan", "What would happen, at what cost. Nothing has changed yet.")
    cli("plan -f web-tier")

    chapter("4. Apply", "Make it so. Independent resources are made in parallel, what needs another waits for it.")
    cli("apply -f web-tier")
    cli("get vms")
    cli("get containers")
    cli("get vms -l env=prod -o custom-columns=NAME:.metadata.name,VMID:.identity.vmid,MEMORY:.spec.memory")

    chapter("5. Apply again", "What is as declared is left alone: the plan is empty.")
    cli("plan -f web-tier")

    chapter("6. Drift", "Somebody gives web-1 more memory in the web interface and takes its tags away.")
    hand = Hand(ready)
    vmid = next(row["vmid"] for row in hand("GET", "/cluster/resources") if row.get("name") == "web-1")
    hand("PUT", f"/nodes/pve-node1/qemu/{vmid}/config", memory="3072", tags="proxmox-mpc")
    cli("status web-tier")
    cli("diff -f web-tier", 3)
    cli("apply -f web-tier")

    chapter(
        "7. Change, and go back", "web-2 gets more cores and a second network card; then that turns out to be wrong."
    )
    manifest = work / "web-tier" / "web.yaml"
    first, second = manifest.read_text().split("---")
    second = second.replace(
        "{ bridge: vmbr0, firewall: true }", "{ bridge: vmbr0, firewall: true }\n    - { bridge: vmbr0, vlan: 20 }"
    )
    manifest.write_text(f"{first}---{second.replace('cores: 2', 'cores: 4')}")
    cli("plan -f web-tier")
    cli("apply -f web-tier")
    cli("history web-tier")
    cli("rollback web-tier 1 --yes")

    chapter(
        "8. A chart",
        "The same from a Helm chart: values say how, a release remembers, its tests look, and it goes whole.",
    )
    cli("install shop charts/web-tier --set web.replicas=1 --set firewall.enabled=false")
    cli("test shop")
    cli("uninstall shop --yes")

    chapter(
        "9. Delete", "Everything that the application owns goes, last made first, after a confirmation (here: --yes)."
    )
    shutil.copytree(HERE / "web-tier", work / "web-tier", dirs_exist_ok=True)
    cli("delete -f web-tier --yes")
    cli("get vms")


NEXT = """
That was the main job. What to type next:

  .venv/bin/proxmox-cli simulate --save-context sim     a simulated cluster of your own, until Ctrl-C
  .venv/bin/proxmox-cli apply -f examples/web-tier      the same in your own hands, in another terminal
  .venv/bin/proxmox-cli install k examples/charts/k3s      machines for k3s, from a chart
  .venv/bin/proxmox-cli explain vm.disks                what can be declared, and what a change costs
  .venv/bin/proxmox-cli config set-context lab …        your own cluster (README.md says how)
"""


def main() -> None:
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="proxmox-mpc-demo-") as folder:
        work = Path(folder)
        shutil.copytree(HERE / "web-tier", work / "web-tier")
        shutil.copytree(HERE / "charts", work / "charts")
        command = [sys.executable, "-m", "proxmox_mpc.simulator", "--nodes", "3", "--time-scale", TIME_SCALE]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
            try:
                assert simulator.stdout is not None
                story(work, json.loads(simulator.stdout.readline()))
            finally:
                simulator.terminate()
    print(NEXT)
    print(f"(the demo took {time.monotonic() - start:.0f} s)")


if __name__ == "__main__":
    main()
