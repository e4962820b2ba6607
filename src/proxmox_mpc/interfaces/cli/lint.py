"""lint: mistakes in charts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _charts, _options

if TYPE_CHECKING:
    from proxmox_mpc.actions.chart_lint import ChartLintResult, FindingView

_COLOURS = {"info": "cyan", "warning": "yellow", "error": "red"}


@click.command("lint")
@click.argument("charts", nargs=-1, metavar="CHART…")
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@click.option("--with-subcharts", is_flag=True, help="The charts in it, too.")
@click.option("-q", "--quiet", is_flag=True, help="Show warnings and errors only.")
@click.option("--skip-schema-validation", "skip_schema", is_flag=True, help="Leave values.schema.json out.")
@_options.namespace
@_charts.values
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
def command(charts: Sequence[str], quiet: bool, output: str, namespace: str, **said: Any) -> None:
    """Look for mistakes in charts; exit code 1 for errors.

    CHART is a folder or a .tgz. Looked at are its files, its values against their schema, its templates, the
    manifests that they make against the kinds, its hooks; and what a chart should have. Errors name the template's
    line. Example: lint ./web-tier --strict -f prod.yaml
    """
    from proxmox_mpc.actions.chart_lint import ChartLintRequest, chart_lint
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    values = _charts.chart_values(said)
    results: list[tuple[str, ChartLintResult]] = []
    for name in charts or (".",):
        request = ChartLintRequest(chart=_content(name), values=values, namespace=namespace or "default", **said)
        results.append((name, call(chart_lint, request)))
    failed = sum(result.failed for _, result in results)
    if output == "json":
        page = [{"name": name, **result.model_dump(mode="json", by_alias=True)} for name, result in results]
        click.echo(_output.as_json(page))
    else:
        for name, result in results:
            _show(name, result, quiet)
        click.echo(f"{_counted(len(results))} linted, {_counted(failed)} failed")
    if failed:
        raise SystemExit(1)


def _counted(count: int) -> str:
    return "1 chart" if count == 1 else f"{count} charts"


def _content(name: str) -> str:
    import base64

    from proxmox_mpc.errors import NotFoundError
    from proxmox_mpc.interfaces.cli._chart_sources import folder_archive

    path = Path(name)
    if path.is_file():
        return base64.b64encode(path.read_bytes()).decode("ascii")
    if not (path / "Chart.yaml").is_file():
        hint = "proxmox-cli create NAME makes one"
        raise NotFoundError(f"there is no chart in {name}: it has no Chart.yaml", hint=hint)
    return folder_archive(path)


def _show(name: str, result: ChartLintResult, quiet: bool) -> None:
    for chart in result.charts:
        shown = [one for one in chart.findings if not quiet or one.severity != "info"]
        if quiet and not shown:
            continue
        where = f"{name.rstrip('/')}/{chart.chart}" if chart.chart else name
        click.echo(f"==> Linting {where}")
        for one in shown:
            click.echo(_line(one))
        click.echo()


def _line(one: FindingView) -> str:
    place = f"{one.path}:{one.line}:{one.column}" if one.line else one.path
    return f"[{click.style(one.severity.upper(), fg=_COLOURS[one.severity])}] {place}: {one.message.rstrip()}"
