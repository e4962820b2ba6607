"""adopt: take ownership of what exists."""

from __future__ import annotations

from collections.abc import Sequence

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("adopt")
@click.argument("kind", required=False)
@click.argument("names", nargs=-1)
@_options.context
@_options.files
@_options.recursive
@_options.namespace
@_options.selector
@_options.app
@_options.yes
@click.option("--all", "everything", is_flag=True, help="All kinds.")
@click.option("--dry-run", is_flag=True, help="Show what would be owned and stop.")
def command(
    kind: str | None,
    names: Sequence[str],
    context: str,
    files: Sequence[str],
    recursive: bool,
    namespace: str,
    selector: str,
    app: str,
    yes: bool,
    everything: bool,
    dry_run: bool,
) -> None:
    """Take ownership of what exists without changing it, after showing what that would be.

    Examples: adopt vm web --app shop · adopt vms -n production --app shop · adopt -f live -R · adopt --all --app lab
    """
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.adopt import AdoptRequest, AdoptResult, adopt
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._files import application_name, read
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    if bool(files) + bool(kind) + everything > 1:
        raise UsageError("-f, KIND and --all exclude each other")
    if not files and not app:
        raise UsageError("nothing says which application shall own it", hint="add --app NAME")
    request = AdoptRequest(
        application=application_name(app, files),
        texts=read(files, recursive) if files else [],
        kinds=[kind] if kind else [],
        names=list(names),
        namespace=namespace,
        selector=selector,
        everything=everything,
    )

    async def work(session: Session) -> AdoptResult:
        if not dry_run:
            await settle_first(session)
        proposed = await adopt(session, request)
        for line in proposed.left_out:
            click.echo(f"{click.style('left out', fg='yellow')}  {line}", err=True)
        if proposed.plan.empty:
            for note in proposed.plan.notes:
                click.echo(f"note: {note}")
            click.echo("nothing to adopt")
            return proposed
        click.echo(plan_text(proposed.plan))
        if dry_run:
            return proposed
        count = len(proposed.plan.steps)
        confirm(f"Let {request.application} own {count} {'object' if count == 1 else 'objects'}, unchanged?", yes)
        return await adopt(session, request.model_copy(update={"agreed": proposed.plan.hash}))

    with Show() as show:
        result = within(work, context=context, report=show)
    if result.outcomes:
        click.echo(outcome_text(result.outcomes, result.revision, result.plan.application))
