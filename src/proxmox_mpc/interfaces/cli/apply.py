"""apply: make the cluster as manifests say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("apply")
@click.argument("plan_file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_options.desired
@_options.yes
@click.option("--approve", default="", metavar="HASH", help="Apply the plan of this hash without asking, and no other.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
def command(
    plan_file: Path | None, context: str, yes: bool, approve: str, dry_run: bool, output: str, **wished: Any
) -> None:
    """Make the cluster as these manifests say, after showing the plan; or apply a saved plan exactly.

    What only adds or changes without harm goes ahead. What restarts, moves, replaces or destroys needs --allow, and
    what deletes is confirmed.
    """
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.apply import ApplyRequest, ApplyResult, apply
    from proxmox_mpc.actions.plan import plan
    from proxmox_mpc.actions.plan_open import PlanOpenRequest, plan_open
    from proxmox_mpc.errors import NotFoundError, UsageError
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._confirm import confirm_plan
    from proxmox_mpc.interfaces.cli._files import desired
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._resume import resume_first
    from proxmox_mpc.interfaces.cli._run import within

    if plan_file is not None and wished["files"]:
        raise UsageError("a saved plan and -f exclude each other")
    if plan_file is not None and not plan_file.is_file():
        raise NotFoundError(f"there is no plan file {plan_file}", hint="manifests are given with -f")

    quiet = output != "text"

    async def work(session: Session) -> ApplyResult | None:
        if not dry_run:
            await resume_first(session)
        if plan_file is not None:
            content = plan_file.read_text(encoding="utf-8")
            opened = await plan_open(session, PlanOpenRequest(content=content))
            request = opened.request
        else:
            request = ApplyRequest(**desired(**wished).model_dump(), source=", ".join(wished["files"]))
        shown = await plan(session, request)
        if not quiet:
            click.echo(plan_text(shown))
        if dry_run:
            return ApplyResult(plan=shown, revision=None, outcomes=[])
        if not approve and not any(step.blocked for step in shown.steps):
            confirm_plan(shown, yes)
        agreed = approve or request.agreed or shown.hash
        return await apply(session, request.model_copy(update={"agreed": agreed}))

    with Show() as show:
        # Asking and bars share the terminal: the bars start with the first thing that happens.
        result = within(work, context=context, report=show)
    if result is None:
        return
    if quiet:
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
    elif result.outcomes:
        click.echo(outcome_text(result.outcomes, result.revision, result.plan.application))
