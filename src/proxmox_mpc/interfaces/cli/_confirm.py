"""Questions before something is lost. Without a terminal the answer is never assumed."""

from __future__ import annotations

import signal
import sys

import click

from proxmox_mpc.actions._views import PlanView
from proxmox_mpc.errors import RefusedError

DESTRUCTIVE = ("delete", "replace")


class NotConfirmed(RefusedError):
    """It was not confirmed; nothing was changed."""

    code = "confirm.refused"


def confirm(question: str, yes: bool) -> None:
    """Ask, unless `--yes` was given. Raises NotConfirmed for a no, and where nobody can be asked."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmed(
            f"{question} Nobody is here to answer; nothing was changed", hint="add --yes, if that is meant"
        )
    # While it is asked, the loop hears no signal: Ctrl-C ends the question as it does everywhere.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)  # the question's line ends here
        agreed = False
    finally:
        signal.signal(signal.SIGINT, before)
    if not agreed:
        raise NotConfirmed()


def confirm_plan(plan: PlanView, yes: bool) -> None:
    """Ask before a plan that deletes or replaces; others have nothing to lose."""
    lost = [step for step in plan.steps if step.action in DESTRUCTIVE or step.impact == "data loss"]
    if lost:
        data = sum(step.impact == "data loss" for step in lost)
        more = f", {data} of them with data" if data else ""
        what = f"{len(lost)} {'object' if len(lost) == 1 else 'objects'}"
        confirm(f"Delete, replace or take disks from {what}{more}, on {plan.context}?", yes)
