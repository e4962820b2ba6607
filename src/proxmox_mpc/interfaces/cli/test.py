"""test: a release's tests."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("test")
@click.argument("release")
@_options.context
@click.option("--filter", "filters", multiple=True, metavar="NAME", help="Only this test; !NAME leaves it out.")
@click.option("--logs", is_flag=True, help="Show what the tests told.")
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
def command(release: str, context: str, filters: tuple[str, ...], logs: bool, output: str) -> None:
    """Run the tests of a release: the templates of its chart with the annotation `proxmox.io/hook: test`."""
    from proxmox_mpc.actions.release_test import ReleaseTestRequest, release_test
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within

    request = ReleaseTestRequest(
        name=release,
        only=[name for name in filters if not name.startswith("!")],
        skip=[name[1:] for name in filters if name.startswith("!")],
    )
    with Show() as show:
        result = within(lambda session: release_test(session, request), context=context, report=show)
    if output == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
    else:
        for test in result.tests:
            good = test.status == "succeeded"
            mark = click.style("passed" if good else "failed", fg="green" if good else "red")
            click.echo(f"{mark}  {test.name}  {test.seconds:.1f} s{f': {test.error}' if test.error else ''}")
            for line in test.log if logs or not good else ():
                click.echo(f"        {line}")
    if not result.passed:
        raise SystemExit(1)
