"""A plan, and how it went, as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from proxmox_mpc.actions._views import ChangeView, HitView, OutcomeView, PlanView, StepView

SIGNS = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "replace": ("±", "red"),
    "adopt": ("→", "cyan"),
    "delete": ("-", "red"),
    "forget": ("·", "bright_black"),
}
WORDS = {
    "create": "to create",
    "update": "to change",
    "replace": "to replace",
    "adopt": "to adopt",
    "delete": "to delete",
}
COLOURS = {"none": "bright_black", "hot-plug": "green", "pending until reboot": "yellow"}
"""Colours of what a change costs; all that takes a guest down, moves or destroys it is red."""


SHOWN = 20
"""Disturbed guests that are listed one by one: what a screen holds beside the changes."""


def plan_text(plan: PlanView) -> str:
    """The whole plan: every step with its changes, their cost, what is refused, and a last line that sums up."""
    head = f"{click.style(plan.application, bold=True)} on {click.style(plan.context, bold=True)}"
    lines: list[str] = [] if plan.empty else [f"{head}{f' ({plan.endpoint})' if plan.endpoint else ''}:", ""]
    if plan.empty:
        lines.append(f"{click.style('No changes.', bold=True)} {plan.application} on {plan.context} is as declared.")
    for step in plan.steps:
        lines += _step(step)
    lines += [click.style(f"note: {note}", fg="bright_black") for note in plan.notes]
    if plan.blast:
        lines += ["", *_blast(plan.blast)]
    if not plan.empty:
        lines += ["", *_costs(plan.totals), summary(plan)]
    return "\n".join(lines)


def _blast(hits: Sequence[HitView]) -> list[str]:
    """Who goes down, moves, or loses what it stands on; nothing where nobody does."""
    width = max(len(hit.guest) for hit in hits[:SHOWN])
    lines = [click.style("Disturbed:", bold=True)]
    for hit in hits[:SHOWN]:
        what = click.style(hit.how, fg="yellow" if hit.impact == "none" else "red")
        served = click.style(f"  ({', '.join(hit.services)})", fg="bright_black") if hit.services else ""
        lines.append(f"    {hit.guest.ljust(width)}  {str(hit.vmid).rjust(6)}  {what}{served}")
    if len(hits) > SHOWN:
        lines.append(f"    and {len(hits) - SHOWN} more: -o json lists them all")
    return lines


def _costs(totals: Mapping[str, int]) -> list[str]:
    if not totals:
        return []
    parts = [click.style(f"{number} {label}", fg=COLOURS.get(label, "red")) for label, number in totals.items()]
    return [f"{click.style('Costs:', bold=True)} {', '.join(parts)}."]


def _step(step: StepView) -> list[str]:
    sign, colour = SIGNS[step.action]
    name = f"{step.namespace}/{step.name}" if step.namespace else step.name
    head = click.style(f"{sign} {step.kind} {name}", fg=colour, bold=True)
    remarks = [step.note] if step.note else []
    if step.impact != "none":
        remarks.append(click.style(step.impact, fg=COLOURS.get(step.impact, "red")))
    lines = [f"{head}  {click.style(step.action, fg=colour)}" + (f"  ({', '.join(remarks)})" if remarks else "")]
    width = max((len(change.path) for change in step.changes), default=0)
    lines += [_change(change, width, step.action) for change in step.changes]
    if step.blocked:
        lines.append("    " + click.style(f"refused: {step.blocked}", fg="red", bold=True))
        lines.append(f"    {click.style('→', fg='cyan')} {step.opens}")
    return lines


def _change(change: ChangeView, width: int, action: str) -> str:
    path = f"    {change.path.ljust(width)}  "
    if action == "create":
        return path + _value(change.new) + (click.style(f"  ({change.note})", fg="yellow") if change.note else "")
    if change.new is None:
        text = f"{_value(change.old)} → {click.style('removed', fg='red')}"
    elif change.old is None:
        text = click.style(_value(change.new), fg="green")
    else:
        text = f"{_value(change.old)} → {click.style(_value(change.new), fg='green')}"
    cost = ": ".join(filter(None, [change.impact if change.impact != "none" else "", change.reason]))
    remarks = ", ".join(filter(None, [cost, change.note]))
    return path + text + (click.style(f"  ({remarks})", fg=COLOURS.get(change.impact, "red")) if remarks else "")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    text = "[" + ", ".join(str(item) for item in value) + "]" if isinstance(value, list) else str(value)
    first, more, _ = text.partition("\n")
    if len(first) <= 70:
        return first + ("…" if more else "")
    return f"{first[:33]}…{first[-36:]}"  # what differs in long values is mostly at their end


def summary(plan: PlanView) -> str:
    counts = [f"{n} {WORDS[a]}" for a in WORDS if (n := sum(step.action == a for step in plan.steps))]
    forgotten = sum(step.action == "forget" for step in plan.steps)
    if forgotten:
        counts.append(f"{forgotten} to forget")
    text = ", ".join(counts) + (f", {plan.unchanged} unchanged" if plan.unchanged else "")
    blocked = sum(bool(step.blocked) for step in plan.steps)
    end = click.style(f" {blocked} refused.", fg="red", bold=True) if blocked else ""
    return f"{click.style('Plan:', bold=True)} {text}.{end}  {click.style(plan.hash[:12], fg='bright_black')}"


def outcome_text(outcomes: Sequence[OutcomeView], revision: int | None, application: str) -> str:
    """One line that says how it went."""
    done = sum(outcome.status == "done" for outcome in outcomes)
    text = f"{done} of {len(outcomes)} done"
    told = [
        click.style(f"! {outcome.kind} {outcome.namespace}/{outcome.name}: {remark}", fg="yellow")
        for outcome in outcomes
        for remark in outcome.remarks
    ]
    if revision is not None:
        text += f"; {application} is at revision {revision}"
    return "\n".join([*told, click.style("✓ ", fg="green") + text])
