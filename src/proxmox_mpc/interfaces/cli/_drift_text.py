"""Drift as a person reads it: what differs, since when, by whom, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from proxmox_mpc.actions._drifts import AcceptedView
from proxmox_mpc.actions._views import written
from proxmox_mpc.actions.drift import CheckedView, DriftResult, FieldView, ResourceDriftView

SIGNS = {"drifted": ("~", "yellow"), "missing": ("-", "red"), "unfinished": ("+", "red"), "unknown": ("?", "cyan")}
LONGEST = 40
"""Letters of a value; the rest of it is in -o json."""


def time(moment: datetime) -> str:
    """A moment in this machine's time zone."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def label(item: ResourceDriftView | AcceptedView) -> str:
    return f"{item.namespace}/{item.name}" if item.namespace else item.name


def drift_text(result: DriftResult) -> str:
    """All of it: each application, its resources that are not as applied, and the commands that go on from here."""
    lines: list[str] = []
    for app in result.applications:
        mine = [item for item in result.items if item.application == app.name]
        lines += [_head(app, result.context), *(line for item in mine for line in _item(item)), ""]
    lines += [
        click.style(f"note: {key} is owned by nobody here: apply it first", fg="bright_black") for key in result.unowned
    ]
    if not result.applications and not result.unowned:
        return f"nothing was applied on {result.context} yet: proxmox-cli apply -f FILE"
    lines += [line for app in result.applications if app.drifted for line in _next(app)]
    return "\n".join(lines).rstrip("\n")


def _head(app: CheckedView, context: str) -> str:
    name = f"{click.style(app.name, bold=True)} on {context}: "
    counts = [
        click.style(f"{app.drifted} of {app.resources} drifted", fg="yellow") if app.drifted else "",
        click.style(f"{app.accepted} accepted", fg="cyan") if app.accepted else "",
        click.style(f"{app.unknown} not seen", fg="cyan") if app.unknown else "",
    ]
    as_applied = click.style("no drift", fg="green") + f", {app.resources} looked at"
    return name + (", ".join(filter(None, counts)) or as_applied)


def _item(item: ResourceDriftView) -> Iterator[str]:
    sign, colour = ("✓", "cyan") if item.accepted else SIGNS[item.state]
    where = click.style(f"  ({item.where})", fg="bright_black") if item.where else ""
    told = {"drifted": "", "missing": "missing"}.get(item.state, f"{item.state}: {item.detail}")
    yield f"  {click.style(f'{sign} {item.kind} {label(item)}', fg=colour, bold=True)}{where}  {told}".rstrip()
    cells = [(field.path, _short(field.declared), _short(field.live)) for field in item.fields]
    paths, olds, news = (max(map(len, column)) for column in zip(*cells, strict=True)) if cells else (0, 0, 0)
    for field, (path, declared, live) in zip(item.fields, cells, strict=True):
        values = f"{click.style(declared.ljust(olds), fg='green')} → {click.style(live.ljust(news), fg='yellow')}"
        change = f"{path.ljust(paths)}  {values}  " if path else ""
        yield f"      {change}{click.style(_origin(field), fg='bright_black')}"
        if field.accepted is not None:
            yield f"      {' ' * (paths + 2) if path else ''}{click.style(_accepted(field.accepted), fg='cyan')}"


def _origin(field: FieldView) -> str:
    """Since when, and by whom, as far as it is proven."""
    if field.task is not None:
        return f"since {_soon(field.task.at)} by {field.task.user} ({field.task.type})"
    between = f"after {_soon(field.as_declared_at)}, before {_soon(field.before)}; no task"
    if field.path == "state":
        return f"{between}: from within the guest, or its node"
    return f"{between}: a direct change" if field.path else between


def _soon(moment: datetime) -> str:
    """A moment, to the second where it is of this day."""
    here = moment.astimezone()
    return f"{here:%H:%M:%S}" if here.date() == datetime.now().astimezone().date() else time(moment)


def _accepted(view: AcceptedView) -> str:
    until = f"until {time(view.until)}" if view.until else "for good"
    return f"accepted {until} by {view.actor}" + (f": {view.reason}" if view.reason else "")


def _next(app: CheckedView) -> Iterator[str]:
    files = " ".join(f"-f {shlex.quote(name)}" for name in app.source.split(", ")) if app.source else "-f FILE"
    name = shlex.quote(app.name)
    yield f"set {app.name} back:  proxmox-cli apply {files} --app {name}"
    yield f"leave it so:  {' ' * max(0, len(app.name) - 2)}proxmox-cli drift accept {name} --for 7d --reason …"


def _short(value: Any) -> str:
    text = written(value).partition("\n")[0]
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def rows(result: DriftResult) -> list[tuple[Any, ...]]:
    """A row for each field, for programs that read lines; one for what has none."""
    found: list[tuple[Any, ...]] = []
    for item in result.items:
        head = (item.application, f"{item.kind} {label(item)}", item.state)
        for field in item.fields:
            task = f"{field.task.type} by {field.task.user}" if field.task else ""
            until = (time(field.accepted.until) if field.accepted.until else "yes") if field.accepted else ""
            values = (written(field.declared), written(field.live)) if field.path else ("", "")
            found.append((*head, field.path, *values, time(field.before), task, until))
        if not item.fields:
            found.append((*head, "", "", "", "", "", ""))
    return found
