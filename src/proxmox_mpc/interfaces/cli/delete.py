"""delete: objects by manifests, or by kind and name."""

from __future__ import annotations

from collections.abc import Sequence

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("delete")
@click.argument("kind", required=False)
@click.argument("names", nargs=-1)
@_options.context
@_options.files
@_options.recursive
@_options.namespace
@_options.app
@_options.selector
@_options.max_deletions
@_options.yes
@click.option("--ignore-not-found", is_flag=True, help="Names that are not there are no error.")
@click.option("--dry-run", is_flag=True, help="Show what would go and stop.")
def command(
    kind: str | None,
    names: Sequence[str],
    context: str,
    files: Sequence[str],
    recursive: bool,
    namespace: str,
    app: str,
    selector: str,
    max_deletions: int | None,
    yes: bool,
    ignore_not_found: bool,
    dry_run: bool,
) -> None:
    """Delete objects, last created first, after showing what would go.

    Examples: delete vm web-server · delete -f infrastructure.yaml · delete vms -l env=test --yes
    """
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.delete import DeleteRequest, DeleteResult, delete
    from proxmox_mpc.interfaces.cli._confirm import confirm_plan
    from proxmox_mpc.interfaces.cli._files import application_name, read
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    if kind and "/" in kind and not names:
        kind, _, name = kind.partition("/")
        names = (name,)
    request = DeleteRequest(
        texts=read(files, recursive) if files else [],
        application=application_name(app, files) if files else app,
        kind=kind or "",
        names=list(names),
        namespace=namespace,
        selector=selector,
        max_deletions=max_deletions,
        ignore_missing=ignore_not_found,
    )

    async def work(session: Session) -> DeleteResult:
        if not dry_run:
            await settle_first(session)
        proposed = await delete(session, request)
        if proposed.plan.empty:
            click.echo("nothing to delete")
            return proposed
        click.echo(plan_text(proposed.plan))
        if dry_run:
            return proposed
        confirm_plan(proposed.plan, yes)
        return await delete(session, request.model_copy(update={"agreed": proposed.plan.hash}))

    with Show() as show:
        result = within(work, context=context, report=show)
    if result.outcomes:
        click.echo(outcome_text(result.outcomes, None, result.plan.application))
