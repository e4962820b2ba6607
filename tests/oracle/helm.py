"""One chart through the real engine and through ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

helm_python = pytest.importorskip(
    "helm_python", reason="helm-python-sdk, the real Helm engine, has no wheel for this machine"
)

CHART = "apiVersion: v2\nname: c\nversion: 0.1.0\n"


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """A chart's files in a folder; its name is `c` unless it has a Chart.yaml."""
    for name, text in {"Chart.yaml": CHART, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def helm(folder: Path, values: Mapping[str, Any] | None = None, **options: Any) -> dict[str, str] | str:
    """What Helm renders, or the text of its error."""
    try:
        with helm_python.Chart.load(folder) as chart:
            return dict(chart.render(dict(values or {}), name=options.pop("name", "rel"), **options))
    except helm_python.HelmError as error:
        return str(error)


def shown(rendered: dict[str, str] | str) -> dict[str, str] | str:
    """Ours as Helm's comes through JSON: bytes that are no UTF-8 become U+FFFD."""
    if isinstance(rendered, str):
        return _replaced(rendered)
    return {name: _replaced(text) for name, text in rendered.items()}


def _replaced(text: str) -> str:
    return "".join("�" if 0xDC80 <= ord(letter) <= 0xDCFF else letter for letter in text)


def ours(folder: Path, values: Mapping[str, Any] | None = None) -> dict[str, str] | str:
    """What we render, or the text of our error."""
    from proxmox_mpc.charts.activation import activated
    from proxmox_mpc.charts.chart import load_folder
    from proxmox_mpc.charts.engine import RenderError
    from proxmox_mpc.charts.rendering import Release, rendered
    from proxmox_mpc.charts.schema import validate
    from proxmox_mpc.charts.values import jsonlike
    from proxmox_mpc.errors import MpcError

    try:
        chart = load_folder(folder)
        given = jsonlike(dict(values or {}), integers=chart.integers)
        found = activated(chart, given)
        validate(found.chart, found.values)
        return rendered(found.chart, found.values, Release("rel"))
    except (RenderError, MpcError) as error:
        return str(error)
