"""The values of a chart and of the charts in it, as one table: what users gave over what the charts bring (Helm 4.2.3).

A chart's values win over those that its inner charts bring, for whom they stand under their names; `global` is handed
down. Lists are replaced, tables laid over each other. A null removes the default that it meets, unless `keep_nulls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxmox_mpc.charts.chart import Chart
from proxmox_mpc.charts.errors import BadValues
from proxmox_mpc.charts.language.formatting import sprintf
from proxmox_mpc.charts.values import copied

GLOBAL = "global"


def coalesce(
    chart: Chart, values: Mapping[str, Any], *, remarks: list[str] | None = None, keep_nulls: bool = False
) -> dict[str, Any]:
    """All values of a chart; what could not be laid over something else is told in `remarks`. Raises BadValues."""
    table = copied(dict(values))
    return _Coalescing([] if remarks is None else remarks, keep_nulls).chart(chart, table, "")


def laid_under(above: dict[str, Any], below: dict[str, Any], *, remarks: list[str] | None = None) -> dict[str, Any]:
    """`above` with what `below` has more; nulls stay. Both are changed, and share what is in them."""
    _Coalescing([] if remarks is None else remarks, True).tables(above, below, "", True)
    return above


class _Coalescing:
    def __init__(self, remarks: list[str], keep_nulls: bool) -> None:
        self.remarks = remarks
        self.keep_nulls = keep_nulls

    def chart(self, chart: Chart, table: dict[str, Any], prefix: str) -> dict[str, Any]:
        """Fill `table`, which is changed, with the chart's own values and those of the charts in it."""
        path = _joined(prefix, chart.name)
        self.own(chart, table, path)
        for inner in chart.dependencies:
            below = table.setdefault(inner.name, {})
            if not isinstance(below, dict):
                raise BadValues(sprintf("type mismatch on %s: %t", (inner.name, below)))
            self.globals(below, table, path)
            table[inner.name] = self.chart(inner, below, path)
        return table

    def own(self, chart: Chart, table: dict[str, Any], path: str) -> None:
        inner = {one.name for one in chart.dependencies}
        for key, default in copied(chart.values).items():
            if key not in table:
                if not self.keep_nulls:
                    if default is None:
                        continue
                    _clean(default)
                table[key] = default
                continue
            value = table[key]
            if value is None and not self.keep_nulls:
                del table[key]
            elif isinstance(value, dict):
                if isinstance(default, dict):
                    # What is an inner chart's keeps its nulls until that chart's own defaults have been met.
                    keep_nulls = self.keep_nulls or key in inner
                    if not keep_nulls:
                        _clean(default)
                    self.tables(value, default, _joined(path, key), keep_nulls)
                elif default is not None:
                    self.remarks.append(f"skipped value for {path}.{key}: Not a table.")

    def globals(self, inner: dict[str, Any], outer: dict[str, Any], path: str) -> None:
        """Hand `global` down into the table of an inner chart."""
        down, own = outer.get(GLOBAL, {}), inner.get(GLOBAL, {})
        for name, found in (("destination", own), ("source", down)):
            if not isinstance(found, dict):
                self.remarks.append(f"skipping globals because {name} {GLOBAL} is not a table.")
                return
        for key, value in down.items():
            under = own.get(key)
            if not isinstance(value, dict):
                if isinstance(under, dict):
                    self.remarks.append(f"key {key} is table. Skipping")
                else:
                    own[key] = value
            elif key not in own:
                own[key] = dict(value)
            elif not isinstance(under, dict):
                self.remarks.append(f'Conflict: cannot merge map onto non-map for "{key}". Skipping.')
            else:
                mine = dict(value)
                self.tables(mine, under, _joined(path, key), True)
                own[key] = mine
        inner[GLOBAL] = own

    def tables(self, above: dict[str, Any], below: dict[str, Any], path: str, keep_nulls: bool) -> None:
        defaults = {key for key, value in below.items() if value is not None}
        for key, value in above.items():
            if value is None:
                below[key] = None
        for key, value in below.items():
            if key not in above:
                above[key] = value
                continue
            over = above[key]
            if over is None and not keep_nulls and key in defaults:
                del above[key]
            elif isinstance(value, dict):
                if isinstance(over, dict):
                    self.tables(over, value, _joined(path, key), keep_nulls)
                else:
                    self.remarks.append(
                        sprintf("cannot overwrite table with non table for %s (%v)", (_joined(path, key), value))
                    )
            elif isinstance(over, dict) and value is not None:
                self.remarks.append(
                    sprintf("destination for %s is a table. Ignoring non-table value (%v)", (_joined(path, key), value))
                )


def _clean(value: Any) -> None:
    """Take nulls out of tables in tables."""
    if isinstance(value, dict):
        for key in [key for key, item in value.items() if item is None]:
            del value[key]
        for item in value.values():
            _clean(item)


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name
