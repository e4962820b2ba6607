"""search: charts in repositories."""

from __future__ import annotations

from collections.abc import Sequence

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("search")
def command() -> None:
    """Search for charts."""


@command.command("repo")
@click.argument("words", nargs=-1, metavar="[WORDS]")
@click.option("-r", "--regexp", is_flag=True, help="WORDS are a regular expression.")
@click.option("-l", "--versions", is_flag=True, help="Every version, not the newest alone.")
@click.option("--version", default="", metavar="RANGE", help="Versions in this range: ^1.2, >=2 <3.")
@click.option("--devel", is_flag=True, help="Versions that are no releases yet, too.")
@click.option("--fail-on-no-result", is_flag=True, help="Exit code 5 where nothing is found.")
@_options.output
def repo(
    words: Sequence[str],
    regexp: bool,
    versions: bool,
    version: str,
    devel: bool,
    fail_on_no_result: bool,
    output: str,
) -> None:
    """Search the repositories that are known: names, descriptions and keywords; without WORDS all charts.

    Examples: search repo web · search repo shop/ --versions · search repo '^shop/(web|db)' -r
    """
    from proxmox_mpc.actions.chart_search import ChartSearchRequest, chart_search
    from proxmox_mpc.errors import NotFoundError
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    request = ChartSearchRequest(term=" ".join(words), regexp=regexp, versions=versions, version=version, devel=devel)
    result = call(chart_search, request)
    if fail_on_no_result and not result.items:
        raise NotFoundError("no chart was found", hint="proxmox-cli repo update reads the indexes anew")
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.name for item in result.items],
            titles=["NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION"],
            rows=[
                (i.name, i.version, i.app_version, ("DEPRECATED: " if i.deprecated else "") + i.description)
                for i in result.items
            ],
            empty="no chart was found; proxmox-cli repo update reads the indexes anew",
        )
    )
