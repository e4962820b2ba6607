"""A small chart of two machines, with which releases are tried out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.e2e.conftest import Cli
from tests.e2e.gate import Gate, gate_before

CHART = {
    "Chart.yaml": "{ apiVersion: proxmox.io/v1, name: shop, version: 1.2.3, appVersion: '9' }\n",
    "values.yaml": "web: { memory: 520 }\ndb: { memory: 1024 }\nextra: false\nhooks: {}\npassword: ''\n",
    "values.schema.json": '{"properties": {"web": {"properties": {"memory": {"type": "integer", "minimum": 16}}}}}\n',
    "templates/guests.yaml": """\
{{- range $name, $about := dict "web" .Values.web "db" .Values.db }}
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: {{ $.Release.Name }}-{{ $name }} }
spec:
  node: pve-node1
  memory: {{ $about.memory }}
  {{- with $about.wrong }}
  wrong: {{ . }}
  {{- end }}
{{- end }}
{{- if .Values.extra }}
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata: { name: {{ .Release.Name }}-extra }
spec: { node: pve-node2, memory: 64, state: running }
{{- end }}
""",
    "templates/hooks.yaml": """\
{{- range $name, $hook := .Values.hooks }}
---
apiVersion: proxmox.io/v1
kind: {{ $hook.kind | default "Job" }}
metadata:
  name: {{ $name }}
  annotations:
    proxmox.io/hook: {{ $hook.at }}
    proxmox.io/hook-weight: {{ $hook.weight | default 0 | quote }}
    {{- with $hook.policy }}
    proxmox.io/hook-delete-policy: {{ . }}
    {{- end }}
spec:
  {{- toYaml $hook.spec | nindent 2 }}
{{- end }}
""",
    "templates/tests/memory.yaml": """\
apiVersion: proxmox.io/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-memory
  annotations: { proxmox.io/hook: test }
spec:
  steps:
    - action: get
      with: { kind: vm, names: [{{ .Release.Name }}-web], full: true }
      expect: { items.0.manifest.spec.memory: {{ .Values.web.memory }} }
""",
    "templates/NOTES.txt": "Web has {{ .Values.web.memory }} MiB, revision {{ .Release.Revision }}.\n",
}


def write_chart(cli: Cli, **other: str) -> str:
    for name, text in {**CHART, **other}.items():
        cli.write(f"shop/{name}", text)
    return "shop"


@pytest.fixture
def chart(cli: Cli) -> str:
    return write_chart(cli)


@pytest.fixture
def gate(cli: Cli) -> Iterator[Gate]:
    """Every request that the commands write, noted on its way to the cluster."""
    token_id, _, secret = cli.ready["token"].partition("=")
    with gate_before(cli.ready["url"]) as gate:
        login = ("--token-id", token_id, "--token-secret", secret)
        cli.ok("config", "set-context", "lab", "--endpoint", gate.url, *login)
        yield gate


def fault(cli: Cli, **values: Any) -> None:
    requests.post(f"{cli.ready['url']}/simulator/faults", json=values, timeout=10).raise_for_status()


def memory(cli: Cli, name: str) -> str:
    guest = cli.guests()[name]
    return str(cli.api("GET", f"/nodes/{guest['node']}/qemu/{guest['vmid']}/config")["memory"])


def states(cli: Cli, name: str) -> list[str]:
    return [revision["status"] for revision in cli.ok("history", name, "-o", "json").json]


def step(action: str, **wanted: Any) -> str:
    text = ", ".join(f"{name}: {value}" for name, value in wanted.items())
    return f"{{ steps: [{{ action: {action}, with: {{ {text} }} }}] }}"


def pool(at: str, weight: int = 0, policy: str = "") -> str:
    return f"{{ kind: Pool, at: {at}, weight: {weight}, policy: '{policy}', spec: {{ comment: by a hook }} }}"
