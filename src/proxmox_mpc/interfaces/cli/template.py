"""template: a chart, rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proxmox_mpc.interfaces.cli import _charts, _options


@click.command("template")
@click.argument("words", nargs=-1, required=True, metavar="[NAME] CHART")
@_options.context
@_options.namespace
@_charts.values
@_charts.source
@click.option("-s", "--show-only", multiple=True, metavar="TEMPLATE", help="Only this: templates/vm.yaml; repeatable.")
@click.option("--validate", "check", is_flag=True, help="Check the manifests; errors name the template's line.")
@click.option("--cluster", is_flag=True, help="Ask the cluster for lookups and capabilities.")
@click.option("--is-upgrade", is_flag=True, help="As if a release were upgraded.")
@click.option("--no-hooks", is_flag=True, help="Leave hooks out.")
@click.option("--skip-tests", is_flag=True, help="Leave tests out.")
@click.option("--skip-schema-validation", "skip_schema", is_flag=True, help="Leave values.schema.json out.")
@click.option("--notes", is_flag=True, help="Show the notes, too.")
@click.option("--output-dir", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="A file each.")
def command(
    words: tuple[str, ...],
    context: str,
    no_hooks: bool,
    skip_tests: bool,
    notes: bool,
    output_dir: Path | None,
    **said: Any,
) -> None:
    """Render CHART and print the manifests; no cluster is needed.

    A guest becomes a template by: vm template NAME. Examples: template ./web-tier · template prod ./web-tier
    -f prod.yaml -s templates/vms.yaml · template ./web-tier --validate
    """
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.chart_template import ChartTemplateRequest, ChartTemplateResult, chart_template
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli._chart_sources import archive_of
    from proxmox_mpc.interfaces.cli._run import within

    if len(words) > 2:
        raise UsageError("a name and a chart are enough", hint="proxmox-cli template [NAME] CHART")
    name, chart = words if len(words) == 2 else ("release-name", words[0])
    where = {option: said.pop(option) for option in _charts.SOURCE}
    values = _charts.chart_values(said)
    wanted = {
        **said,
        "namespace": said["namespace"] or "default",
        "show_only": list(said["show_only"]),
        "hooks": not no_hooks,
        "tests": not skip_tests,
    }

    async def work(session: Session) -> ChartTemplateResult:
        archive = await archive_of(session, chart, **where)
        return await chart_template(session, ChartTemplateRequest(chart=archive, name=name, values=values, **wanted))

    result = within(work, context=context)
    for remark in result.remarks:
        click.echo(f"note: {remark}", err=True)
    if output_dir is not None:
        for one in result.templates:
            path = output_dir / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(one.text, encoding="utf-8")
            click.echo(f"wrote {path}")
        return
    if wanted["show_only"]:
        for one in result.templates:
            click.echo(f"---\n# Source: {one.path}\n{one.text.strip()}")
    else:
        click.echo(f"{result.manifest}{result.hooks}", nl=False)
    if notes and result.notes:
        click.echo(f"\n{result.notes}")
