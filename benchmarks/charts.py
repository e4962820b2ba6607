"""Charts: rendered from disk by the real Helm engine and by ours, in turns; cold is the first time in a process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import yaml

from benchmarks._measure import Figure

ROOT = Path(__file__).parents[1]
SLOWER = 3.0
"""How many times the real engine's time ours may take: it is compiled Go, ours is Python."""
GUESTS_MS = 100.0
ROUNDS = 9

_GUESTS = """\
{{- range $i := until (int .Values.guests) }}
---
apiVersion: proxmox.io/v1
kind: VirtualMachine
metadata:
  name: {{ include "guest.name" (dict "root" $ "number" (add1 $i)) }}
  namespace: {{ $.Release.Namespace }}
spec:
  template: {{ $.Values.template | quote }}
  tags: {{ $.Values.tags | toJson }}
  cpu: {{- toYaml $.Values.cpu | nindent 4 }}
  memory: {{ $.Values.memory }}
  networks:
    {{- range $.Values.networks }}
    - bridge: {{ .bridge }}
      {{- with .vlan }}
      vlan: {{ . }}
      {{- end }}
    {{- end }}
{{- end }}
"""
_GUEST_VALUES = """\
guests: 200
template: debian-12-template
tags: [web, prod]
cpu: {cores: 2, sockets: 1}
memory: 2G
networks: [{bridge: vmbr0}, {bridge: vmbr1, vlan: 20}]
"""
_GUEST_NAME = '{{- define "guest.name" -}}{{ .root.Release.Name }}-{{ printf "%03d" (int .number) }}{{- end -}}'


def measure() -> Iterator[Figure]:
    with _charts() as folders:
        yield Figure("charts that are rendered", len(folders), "charts")
        helm, ours = _in_turns(folders)
        yield Figure("all of them, Helm's engine", helm * 1000, "ms")
        yield Figure("all of them, ours", ours * 1000, "ms")
        yield Figure("ratio, once compiled", ours / helm, "times", SLOWER)
        first = [_first(folders) for _ in range(ROUNDS)]
        cold = min(ours for _, ours in first) / min(helm for helm, _ in first)
        yield Figure("ratio, the first time in a process", cold, "times")
    yield Figure("200 guests, rendered once compiled", _guests_ms(), "ms", GUESTS_MS)


@contextmanager
def _charts() -> Iterator[list[Path]]:
    """The charts of the conformance tests and of examples/, and the one that Helm scaffolds."""
    import helm_python

    with tempfile.TemporaryDirectory(prefix="proxmox-mpc-charts-") as parent:
        folders = []
        for path in sorted((ROOT / "tests" / "cases" / "charts").glob("*.yaml")):
            folders.append(_written(Path(parent) / path.stem, yaml.safe_load(path.read_text())["files"]))
        helm_python.Chart.create("fresh", parent).close()
        folders.append(Path(parent) / "fresh")
        yield folders


def _written(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def _ours(folder: Path) -> dict[str, str]:
    from proxmox_mpc.charts.activation import activated
    from proxmox_mpc.charts.chart import load_folder
    from proxmox_mpc.charts.rendering import Release, rendered
    from proxmox_mpc.charts.schema import validate

    found = activated(load_folder(folder), {})
    validate(found.chart, found.values)
    return rendered(found.chart, found.values, Release("bench"))


def _helm(folder: Path) -> dict[str, str]:
    import helm_python

    with helm_python.Chart.load(folder) as chart:
        return dict(chart.render({}, name="bench"))


def _timed(render: Callable[[Path], object], folders: list[Path]) -> float:
    began = time.perf_counter()
    for folder in folders:
        render(folder)
    return time.perf_counter() - began


def _in_turns(folders: list[Path]) -> tuple[float, float]:
    """The best time of each engine for all charts; what else the machine does only ever adds to it."""
    rounds = [(_timed(_helm, folders), _timed(_ours, folders)) for _ in range(ROUNDS)]
    return min(helm for helm, _ in rounds), min(ours for _, ours in rounds)


def _first(folders: list[Path]) -> tuple[float, float]:
    """The times in a fresh process, where nothing was parsed before; the libraries of both are loaded."""
    code = (
        "import sys; from pathlib import Path; from benchmarks.charts import _helm, _ours, _timed, warm_up;"
        "folders = [Path(word) for word in sys.argv[1:]]; warm_up();"
        "print(_timed(_helm, folders), _timed(_ours, folders))"
    )
    command = [sys.executable, "-c", code, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    helm, ours = done.stdout.split()
    return float(helm), float(ours)


def warm_up() -> None:
    """Load what both engines are made of, with a chart that has nothing in common with those that are measured."""
    from proxmox_mpc.charts.functions import every_function

    every_function()
    with tempfile.TemporaryDirectory() as parent:
        files = {
            "Chart.yaml": "apiVersion: v2\nname: warm\nversion: 0.1.0\n",
            "values.schema.json": '{"type": "object"}',
            "templates/a.yaml": '{{ toYaml .Values }}{{ semverCompare ">1" "2.0.0" }}{{ regexMatch "a" "b" }}',
        }
        folder = _written(Path(parent), files)
        _helm(folder)
        _ours(folder)


def _guests_ms() -> float:
    with tempfile.TemporaryDirectory() as parent:
        files = {
            "Chart.yaml": "apiVersion: proxmox.io/v1\nname: guests\nversion: 0.1.0\n",
            "values.yaml": _GUEST_VALUES,
            "templates/_names.tpl": _GUEST_NAME,
            "templates/guests.yaml": _GUESTS,
        }
        folder = _written(Path(parent), files)
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            assert sum(text.count("kind: VirtualMachine") for text in _ours(folder).values()) == 200
            times.append(time.perf_counter() - began)
        return min(times) * 1000
