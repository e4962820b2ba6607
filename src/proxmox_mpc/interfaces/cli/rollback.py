"""rollback: back to an application's earlier revision."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("rollback")
@click.argument("application")
@click.argument("revision", type=int, required=False)
@_options.context
@_options.allow
@_options.max_deletions
@_options.snapshot
@_options.yes
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
def command(
    application: str,
    revision: int | None,
    context: str,
    allow: str,
    max_deletions: int | None,
    snapshot: str,
    yes: bool,
    dry_run: bool,
) -> None:
    """Go back to an earlier revision; without a number, to the one before the last.

    Its manifests are planned anew against the cluster of now, and applied as a new revision.
    """
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.apply import ApplyResult
    from proxmox_mpc.actions.rollback import RollbackRequest, rollback
    from proxmox_mpc.interfaces.cli._confirm import confirm_plan
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    wish = {"application": application, "revision": revision, "allow": allow, "max_deletions": max_deletions}
    request = RollbackRequest.model_validate({**wish, "snapshot": snapshot})

    async def work(session: Session) -> ApplyResult:
        if not dry_run:
            await settle_first(session)
        proposed = await rollback(session, request)
        click.echo(plan_text(proposed.plan))
        if dry_run:
            return proposed
        if not any(step.blocked for step in proposed.plan.steps):
            confirm_plan(proposed.plan, yes)
        return await rollback(session, request.model_copy(update={"agreed": proposed.plan.hash}))

    with Show() as show:
        result = within(work, context=context, report=show)
    if result.outcomes:
        click.echo(outcome_text(result.outcomes, result.revision, application))
