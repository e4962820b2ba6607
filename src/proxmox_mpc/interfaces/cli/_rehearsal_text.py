"""A rehearsal as a person reads it: the steps in their order, with how long they take, where it fails, what follows."""

from __future__ import annotations

from collections.abc import Iterator

import click

from proxmox_mpc.actions.rehearse import RehearsedStep, RehearseResult
from proxmox_mpc.interfaces.cli._plan_text import SIGNS, plan_text

SHOWN = 8
"""So many lines of a sort are shown; all of them are in -o json."""


def rehearsal_text(result: RehearseResult, again: str) -> str:
    """The whole rehearsal; `again` are the options that make the same random faults happen."""
    if result.verdict == "refused" or result.plan.empty:
        after = "an apply would refuse this plan as a whole; so it was not rehearsed" if not result.plan.empty else ""
        return "\n".join(filter(None, [plan_text(result.plan), after]))
    size = f"{result.nodes} node{'s' * (result.nodes != 1)} and {result.guests:,} guest{'s' * (result.guests != 1)}"
    head = (
        f"{click.style(result.application, bold=True)} rehearsed on a copy of {click.style(result.context, bold=True)}"
    )
    lines = [f"{head} ({size}); the cluster itself was only read.", ""]
    if result.faults:
        lines += [f"  {click.style('fault', fg='yellow')}  {fault}" for fault in result.faults]
        lines += [click.style(f"  the same again: {again}", fg="bright_black"), ""] if again else [""]
    width = max((len(_name(step)) for step in result.steps), default=0)
    lines += [line for step in result.steps for line in _step(step, width)]
    lines += ["", *_verdict(result), *_notes(result)]
    return "\n".join(lines)


def _name(step: RehearsedStep) -> str:
    return f"{step.kind} {step.namespace}/{step.name}" if step.namespace else f"{step.kind} {step.name}"


def _step(step: RehearsedStep, width: int) -> Iterator[str]:
    sign, colour = {"failed": ("✗", "red"), "skipped": ("·", "bright_black")}.get(step.status, SIGNS[step.action])
    name = click.style(f"{sign} {_name(step).ljust(width)}", fg=colour, bold=step.status != "skipped")
    if step.status == "done":
        yield f"  {_clock(step.starts_s)}  {name}  {step.action.ljust(7)}  {_lasts(step.seconds)}"
    else:
        what = f"{step.action} fails" if step.status == "failed" else f"{step.action}: {step.error}"
        place = click.style(f"  {step.place}", fg="bright_black") if step.place else ""
        yield f"  {_clock(step.starts_s) if step.status == 'failed' else ' ' * 6}  {name}  {what}{place}"
    if step.status == "failed":
        yield from (f"            {click.style(line, fg='red')}" for line in step.error.splitlines()[:4])
        if step.hint:
            yield f"            {click.style('→', fg='cyan')} {step.hint}"
    yield from (f"            {click.style(f'! {remark}', fg='yellow')}" for remark in step.remarks)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:3d}:{rest:02d}"


def _lasts(seconds: float) -> str:
    if seconds < 1:
        return "at once"
    return f"{seconds:.0f} s" if seconds < 100 else f"{_clock(seconds).strip()} min"


def _verdict(result: RehearseResult) -> Iterator[str]:
    done = sum(step.status == "done" for step in result.steps)
    if result.verdict == "fine":
        broken = sum(len(step.remarks) for step in result.steps)
        kept = "every promise of the plan held" if not broken else f"{broken} promises of the plan did not hold"
        steps = f"{done} step{'s' * (done != 1)}"
        about = f"about {_lasts(result.seconds)}" if result.seconds >= 1 else "at once"
        yield f"{click.style('✓ It would go through:', fg='green', bold=True)} {steps}, {about}; {kept}."
        yield "A second plan would be empty."
    else:
        why = result.error or "it ends well, but not as declared"
        yield f"{click.style('✗ It would fail:', fg='red', bold=True)} {why}."
        for line in result.left[:SHOWN]:
            yield f"  a second plan would still {line}"
    if result.recovers is not None:
        yes = click.style("apply --resume would reach what is declared", fg="green")
        no = click.style("apply --resume would not be enough", fg="red")
        yield f"Once the faults have ended, {yes if result.recovers else no}."


def _notes(result: RehearseResult) -> Iterator[str]:
    yield ""
    for title, lines in (("differs on the copy", result.differs), ("not rehearsed", result.left_out[::-1])):
        for line in lines[:SHOWN]:
            yield click.style(f"{title}: {line}", fg="bright_black")
        if len(lines) > SHOWN:
            yield click.style(f"  and {len(lines) - SHOWN} more", fg="bright_black")
