"""What `helm show` prints of a chart (pkg/action/show.go, Helm 4.2.3)."""

from __future__ import annotations

from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.encodings.yaml_writing import write_yaml
from proxmox_mpc.charts.records import write_record

_READMES = ("readme.md", "readme.txt", "readme")


def shown(chart: Chart, what: str) -> str:
    """`chart`, `values`, `readme`, `kinds` (Helm's crds) or `all` of them, one after another."""
    text = ""
    if what in ("chart", "all"):
        text += write_yaml(write_record(chart.metadata)) + "\n\n"
    values = next((file.text for file in chart.raw if file.name == "values.yaml"), None)
    if what in ("values", "all") and values is not None:
        text += ("---\n" if what == "all" else "") + f"{values}\n"
    readme = next((file.text for file in chart.files if file.name.lower() in _READMES), None)
    if what in ("readme", "all") and readme is not None:
        text += ("---\n" if what == "all" else "") + f"{readme}\n"
    if what in ("kinds", "all"):
        for _, one in chart.walk():
            for file in one.kinds:
                text += ("" if file.text.startswith("---") else "---\n") + f"{file.text}\n"
    return text
