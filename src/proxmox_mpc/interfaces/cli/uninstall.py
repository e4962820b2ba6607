"""uninstall: all that a release owns goes."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("uninstall")
@click.argument("name")
@_options.context
@click.option("--keep-history", is_flag=True, help="Remember its revisions; a rollback brings it back.")
@click.option("--no-hooks", is_flag=True, help="Leave the chart's hooks out.")
@click.option("--ignore-not-found", is_flag=True, help="A release that is not there is no error.")
@_options.max_deletions
@_options.yes
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
def command(
    name: str,
    context: str,
    keep_history: bool,
    no_hooks: bool,
    ignore_not_found: bool,
    max_deletions: int | None,
    yes: bool,
    dry_run: bool,
) -> None:
    """Uninstall release NAME: all that it owns is deleted, after showing what that is."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.uninstall import UninstallRequest, UninstallResult, uninstall
    from proxmox_mpc.interfaces.cli._confirm import confirm_plan
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    request = UninstallRequest(
        name=name,
        keep_history=keep_history,
        hooks=not no_hooks,
        ignore_not_found=ignore_not_found,
        max_deletions=max_deletions,
    )

    async def work(session: Session) -> UninstallResult:
        if not dry_run:
            await settle_first(session)
        proposed = await uninstall(session, request)
        if proposed.plan is None:
            return proposed
        click.echo(plan_text(proposed.plan))
        if dry_run:
            return proposed
        if not any(step.blocked for step in proposed.plan.steps):
            confirm_plan(proposed.plan, yes)
        return await uninstall(session, request.model_copy(update={"agreed": proposed.plan.hash}))

    with Show() as show:
        result = within(work, context=context, report=show)
    if result.plan is None:
        click.echo(f"release {name} is not there")
        return
    if result.outcomes:
        click.echo(outcome_text(result.outcomes, None, name))
    if not dry_run:
        kept = f"; its history is kept: proxmox-cli rollback {name} REVISION" if keep_history else ""
        click.echo(f"release {click.style(name, bold=True)} uninstalled{kept}")
