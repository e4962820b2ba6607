"""apply: make the cluster as manifests say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions._views import PlanView
    from proxmox_mpc.actions.apply import ApplyRequest, ApplyResult


RESUMED_WITH = ("app", "allow", "max_deletions", "context")
"""Options of manifests that may be said anew when an apply is continued."""
_TRIES = 3
"""How often what another apply changed is planned anew: one whose turn never comes has to be looked at."""


@click.command("apply")
@click.argument("plan_file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_options.desired
@_options.snapshot
@_options.yes
@click.option("--approve", default="", metavar="HASH", help="Apply the plan of this hash without asking, and no other.")
@click.option(
    "--resume", "resuming", is_flag=True, help="Continue what was killed, stopped or failed; it needs no files."
)
@click.option("--lock-timeout", type=float, metavar="SECONDS", help="How long locks are waited out; else ten minutes.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
def command(
    plan_file: Path | None,
    context: str,
    yes: bool,
    approve: str,
    resuming: bool,
    lock_timeout: float | None,
    dry_run: bool,
    output: str,
    **wished: Any,
) -> None:
    """Make the cluster as these manifests say, after showing the plan; or apply a saved plan exactly.

    What only adds or changes without harm goes ahead. What restarts, moves, replaces or destroys needs --allow, and
    what deletes is confirmed. Ctrl-C stops between requests; --resume continues.
    """
    from proxmox_mpc.errors import NotFoundError, UsageError
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._confirm import confirm_plan
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    if resuming and (plan_file is not None or wished["files"]):
        hint = "proxmox-cli apply --resume --app NAME"
        raise UsageError("--resume continues with what was asked for then, without files", hint=hint)
    if resuming and (other := [name for name in wished if wished[name] and name not in RESUMED_WITH]):
        names = ", ".join(sorted(other))
        raise UsageError(
            f"--resume continues with what was asked for then: {names} cannot be changed", hint="apply -f …"
        )
    if plan_file is not None and wished["files"]:
        raise UsageError("a saved plan and -f exclude each other")
    if plan_file is not None and not plan_file.is_file():
        raise NotFoundError(f"there is no plan file {plan_file}", hint="manifests are given with -f")

    async def work(session: Session) -> ApplyResult:
        if not dry_run:
            await settle_first(session)
        patience = {} if lock_timeout is None else {"patience_s": lock_timeout}
        request = None if resuming else await _wish(session, plan_file, {**wished, **patience})
        again = {"application": wished["app"], "allow": wished["allow"], "max_deletions": wished["max_deletions"]}
        again |= {**patience, "patient": not dry_run}
        proposed = await _go(session, request, again, "")
        shown = proposed.plan
        for line in proposed.resumed:
            click.echo(f"note: {line}", err=True)
        if output == "text":
            click.echo(plan_text(shown))
        if dry_run:
            return proposed
        if not approve and not any(step.blocked for step in shown.steps):
            confirm_plan(shown, yes)
        agreed = approve or (request.agreed if request else "") or shown.hash
        if not yes or approve or plan_file is not None:
            return await _go(session, request, again, agreed)
        return await _go_on(partial(_go, session, request, again), shown, output == "text")

    with Show() as show:
        # Asking and bars share the terminal: the bars start with the first thing that happens.
        result = within(work, context=context, report=show)
    if output != "text":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
    elif result.outcomes:
        click.echo(outcome_text(result.outcomes, result.revision, result.plan.application))


async def _go_on(go: Callable[[str], Awaitable[ApplyResult]], shown: PlanView, tells: bool) -> ApplyResult:
    """Apply what was shown. Where another apply, whose turn it was, has done a part of that, apply the rest.

    Who said --yes is not asked again, but what was not shown is not done.
    """
    from proxmox_mpc.actions._continuing import Overtaken, must_be_within
    from proxmox_mpc.errors import MpcError
    from proxmox_mpc.interfaces.cli._plan_text import plan_text

    for _ in range(_TRIES - 1):
        try:
            return await go(shown.hash)
        except MpcError as error:
            if error.code != "plan.moved":
                raise
            rest = (await go("")).plan
            try:
                must_be_within(shown, rest)
            except Overtaken:
                raise error from None
        click.echo("note: another apply has done a part of it meanwhile; planned anew", err=True)
        if tells:
            click.echo(plan_text(rest))
        shown = rest
    return await go(shown.hash)


async def _wish(session: Session, plan_file: Path | None, wished: dict[str, Any]) -> ApplyRequest:
    """What a saved plan or the options ask for."""
    from proxmox_mpc.actions.apply import ApplyRequest
    from proxmox_mpc.actions.plan_open import PlanOpenRequest, plan_open
    from proxmox_mpc.interfaces.cli._files import desired

    patience = {"patience_s": wished.pop("patience_s")} if "patience_s" in wished else {}
    if plan_file is not None:
        opened = await plan_open(session, PlanOpenRequest(content=plan_file.read_text(encoding="utf-8")))
        return opened.request.model_copy(update=patience)
    return ApplyRequest(**desired(**wished).model_dump(), source=", ".join(wished["files"]), **patience)


async def _go(session: Session, request: ApplyRequest | None, again: dict[str, Any], agreed: str) -> ApplyResult:
    """The plan alone, as long as nobody agreed to one; without a request, of what waits to be continued."""
    from proxmox_mpc.actions.apply import ApplyResult, apply
    from proxmox_mpc.actions.apply_resume import ApplyResumeRequest, apply_resume
    from proxmox_mpc.actions.plan import plan

    if request is None:
        return await apply_resume(session, ApplyResumeRequest(**again, agreed=agreed))
    if not agreed:
        return ApplyResult(plan=await plan(session, request), revision=None, outcomes=[])
    return await apply(session, request.model_copy(update={"agreed": agreed}))
