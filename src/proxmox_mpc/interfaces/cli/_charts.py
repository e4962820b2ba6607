"""What the verbs of charts share: values' options, the chart that a word means, and how a release is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from proxmox_mpc.interfaces.cli._options import _all

if TYPE_CHECKING:
    from proxmox_mpc.actions._deploying import Deploying, ReleaseResult
    from proxmox_mpc.actions._releases import ChartValues
    from proxmox_mpc.actions._session import Session

F = TypeVar("F", bound=Callable[..., Any])

values: Callable[[F], F] = _all(
    click.option("-f", "--values", "value_files", multiple=True, metavar="FILE", help="Values file; repeatable."),
    click.option("--set", "set_", multiple=True, metavar="PATH=VALUE,…", help="Values; repeatable."),
    click.option("--set-string", multiple=True, metavar="PATH=TEXT,…", help="Values that stay text."),
    click.option("--set-file", multiple=True, metavar="PATH=FILE,…", help="Values that are files' content."),
    click.option("--set-json", multiple=True, metavar="PATH=JSON,…", help="Values in JSON."),
    click.option("--set-literal", multiple=True, metavar="PATH=TEXT", help="A value taken as it stands."),
)
source: Callable[[F], F] = _all(
    click.option("--version", default="", metavar="RANGE", help="Version of a repository's chart; else the newest."),
    click.option("--repo", "repo_url", default="", metavar="URL", help="Repository in which CHART is looked up."),
    click.option("--devel", is_flag=True, help="Versions that are no releases yet, too."),
    click.option("--username", default="", metavar="NAME", help="Login at --repo, or at a URL."),
    click.option("--password", default="", metavar="TEXT", help="That login's password; repo add keeps it encrypted."),
    click.option("--verify", is_flag=True, help="Only what somebody of the keyring signed."),
    click.option("--keyring", default="", metavar="FILE", help="Public keys; else ~/.gnupg/pubring.gpg."),
)
SOURCE = ("version", "repo_url", "devel", "username", "password", "verify", "keyring")
"""What `source` puts into a command's options."""


def chart_values(said: dict[str, Any]) -> ChartValues:
    """The request that the options of `values` make; they are taken out of `said`."""
    from proxmox_mpc.actions._releases import ChartValues
    from proxmox_mpc.interfaces.cli._files import read_one

    files = [read_one(name) for name in said.pop("value_files")]
    set_file = list(said.pop("set_file"))
    contents: dict[str, str] = {}
    for expression in set_file:
        for part in expression.split(","):
            name = part.partition("=")[2]
            if name and Path(name).is_file():
                contents[name] = Path(name).read_text(encoding="utf-8")
    return ChartValues(
        files=files,
        set=list(said.pop("set_")),
        set_string=list(said.pop("set_string")),
        set_json=list(said.pop("set_json")),
        set_literal=list(said.pop("set_literal")),
        set_file=set_file,
        contents=contents,
    )


D = TypeVar("D", bound="Deploying")


def deploy(
    act: Callable[[Session, D], Awaitable[ReleaseResult]],
    request_of: Callable[[str], D],
    chart: str,
    *,
    context: str,
    yes: bool,
    dry_run: bool,
    output: str,
    where: dict[str, Any],
) -> None:
    """Install or upgrade: show the plan, ask where that is needed, carry it out, tell how it is."""
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._chart_sources import archive_of
    from proxmox_mpc.interfaces.cli._confirm import confirm_plan
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    async def work(session: Session) -> ReleaseResult:
        if not dry_run:
            await settle_first(session)
        request = request_of(await archive_of(session, chart, **where))
        proposed = await act(session, request)
        for remark in proposed.remarks:
            click.echo(f"note: {remark}", err=True)
        if output == "text":
            if dry_run:
                click.echo(f"{proposed.hooks}{proposed.manifest}", nl=False)
            click.echo(plan_text(proposed.plan))
        if dry_run:
            return proposed
        if not any(step.blocked for step in proposed.plan.steps):
            confirm_plan(proposed.plan, yes)
        return await act(session, request.model_copy(update={"agreed": proposed.plan.hash}))

    with Show() as show:
        result = within(work, context=context, report=show)
    if output == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
        return
    if not dry_run:
        if result.outcomes:
            click.echo(outcome_text(result.outcomes, result.revision, result.name))
        click.echo(f"release {click.style(result.name, bold=True)}, revision {result.revision}: deployed")
    if result.notes.strip():
        click.echo(f"\n{result.notes.strip()}")


def options_of_deploying(function: F) -> F:
    """What install and upgrade may do, and how they wait."""
    from proxmox_mpc.interfaces.cli import _options

    return _all(
        _options.context,
        _options.namespace,
        values,
        source,
        _options.allow,
        click.option("--adopt", is_flag=True, help="Take over objects that exist and that nobody owns."),
        _options.max_deletions,
        _options.snapshot,
        click.option("--atomic", is_flag=True, help="After a failure, go back to what was before."),
        click.option("--wait", is_flag=True, help="Wait until all is as declared."),
        click.option("--timeout", "timeout_s", type=float, default=300, metavar="SECONDS", help="For --wait."),
        click.option("--no-hooks", is_flag=True, help="Leave the chart's hooks out."),
        click.option("--skip-schema-validation", "skip_schema", is_flag=True, help="Leave values.schema.json out."),
        click.option("--render-subchart-notes", "sub_notes", is_flag=True, help="Notes of sub-charts too."),
        click.option("--description", default="", metavar="TEXT", help="A line for the history."),
        _options.yes,
        click.option("--dry-run", is_flag=True, help="Show the manifests and the plan, and stop."),
        click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT"),
    )(function)


def split_options(said: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Options for `deploy`, where the chart is looked for, and fields of the request."""
    shown = {name: said.pop(name) for name in ("context", "yes", "dry_run", "output")}
    where = {name: said.pop(name) for name in SOURCE}
    fields = {
        **said,
        "values": chart_values(said),
        "namespace": said.pop("namespace"),
        "hooks": not said.pop("no_hooks"),
    }
    for name in ("value_files", "set_", "set_string", "set_file", "set_json", "set_literal", "no_hooks"):
        fields.pop(name, None)
    return shown, where, fields
