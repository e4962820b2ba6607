"""Which of the charts in a chart take part, under which names, and what they hand up to it (Helm 4.2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.coalescing import coalesce, laid_under
from proxmox_mpc.charts.functions.versions import Constraint, Version
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.printing import text_of
from proxmox_mpc.charts.metadata import Dependency
from proxmox_mpc.charts.values import copied, table_at, value_at


@dataclass(frozen=True, slots=True)
class Activated:
    """A chart whose inner charts all take part, under their aliases, with what they export among its values."""

    chart: Chart
    values: dict[str, Any]
    remarks: tuple[str, ...] = ()


def activated(chart: Chart, values: Mapping[str, Any]) -> Activated:
    """A chart with those of its inner charts that conditions and tags leave, and all values. Raises BadValues."""
    remarks: list[str] = []
    active = _imported(_active(chart, values, "", remarks), remarks)
    return Activated(active, coalesce(active, values, remarks=remarks), tuple(dict.fromkeys(remarks)))


def fits(constraint: str, version: str) -> bool:
    """Whether a version is in a range; not when one of them cannot be read."""
    try:
        return Constraint.parse(constraint).allows(Version.parse(version))
    except GoError:
        return False


def _declares(chart: Chart) -> bool:
    """Whether Chart.yaml says anything of dependencies, and be it that there are none."""
    return bool(chart.metadata.dependencies) or chart.given.get("dependencies") is not None


def _active(chart: Chart, values: Mapping[str, Any], path: str, remarks: list[str]) -> Chart:
    if not _declares(chart):
        return chart
    wanted = chart.metadata.dependencies
    inner = [one for one in chart.dependencies if not any(_meets(one, need) for need in wanted)]
    for need in wanted:
        found = next((one for one in chart.dependencies if _meets(one, need)), None)
        if found is not None:
            inner.append(replace(found, metadata=replace(found.metadata, name=need.alias)) if need.alias else found)
    named = [replace(need, name=need.key, enabled=True) for need in wanted]
    table = coalesce(replace(chart, dependencies=tuple(inner)), values, remarks=remarks)
    kept = [need for need in named if _enabled(need, table, path, remarks)]
    removed = {need.name for need in named} - {need.name for need in kept}
    inner = [_active(one, table, f"{path}{one.name}.", remarks) for one in inner if one.name not in removed]
    return replace(chart, metadata=replace(chart.metadata, dependencies=tuple(kept)), dependencies=tuple(inner))


def _meets(chart: Chart, need: Dependency) -> bool:
    return chart.name == need.name and fits(need.version, chart.metadata.version)


def _enabled(need: Dependency, table: Mapping[str, Any], path: str, remarks: list[str]) -> bool:
    """The first condition that is true or false decides; without one the tags do, of which one that is true wins."""
    for condition in need.condition.strip().split(","):
        found = value_at(table, path + condition) if condition else None
        if isinstance(found, bool):
            return found
        if found is not None:
            remarks.append(f"the condition {condition} of {need.name} is neither true nor false")
    tags = table_at(table, "tags") or {}
    said = [tags[tag] for tag in need.tags if tag in tags]
    remarks += (f"a tag of {need.name} is neither true nor false" for one in said if not isinstance(one, bool))
    said = [one for one in said if isinstance(one, bool)]
    return any(said) or not said


def _imported(chart: Chart, remarks: list[str]) -> Chart:
    """The chart with the values that its inner charts hand up to it; its own values win."""
    chart = replace(chart, dependencies=tuple(_imported(one, remarks) for one in chart.dependencies))
    if not chart.metadata.dependencies:
        return chart
    table = coalesce(chart, {}, remarks=remarks, keep_nulls=True)
    handed: dict[str, Any] = {}
    needs = []
    for need in chart.metadata.dependencies:
        imports = []
        for wish in need.import_values:
            if isinstance(wish, dict):
                child, parent = text_of(wish.get("child")), text_of(wish.get("parent"))
            elif isinstance(wish, str):
                child, parent = f"exports.{wish}", "."
            else:
                continue
            imports.append({"child": child, "parent": parent})
            found = table_at(table, f"{need.name}.{child}")
            if found is None:
                remarks.append(f"{need.name} has no table {child} to import values from")
            else:
                laid_under(handed, _placed(found, parent), remarks=remarks)
        needs.append(replace(need, import_values=tuple(imports)))
    return replace(
        chart,
        metadata=replace(chart.metadata, dependencies=tuple(needs)),
        values=laid_under(copied(table), handed, remarks=remarks),
    )


def _placed(table: dict[str, Any], path: str) -> dict[str, Any]:
    """A table with another one at a dotted path; `.` is the table itself."""
    if path != ".":
        for name in reversed(path.split(".")):
            table = {name: table}
    return table
