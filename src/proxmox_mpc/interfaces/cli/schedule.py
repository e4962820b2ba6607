"""schedule: what is done again and again."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions._schedules import ScheduleView

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.group("schedule")
def command() -> None:
    """Actions that are done again and again, by a cron line in a time zone, or each so often."""


@command.command("list")
@_options.output
def list_(output: str) -> None:
    """List schedules, and when they are due next."""
    from proxmox_mpc.actions.schedule_list import ScheduleListRequest, schedule_list
    from proxmox_mpc.interfaces.cli._run import call

    _print(output, call(schedule_list, ScheduleListRequest()).items, None)


@command.command("get")
@click.argument("name")
@_options.output
def get(name: str, output: str) -> None:
    """Show a schedule: when it makes a job, of what, and why the last one was not made."""
    from proxmox_mpc.actions.schedule_get import ScheduleGetRequest, schedule_get
    from proxmox_mpc.interfaces.cli._run import call

    found = call(schedule_get, ScheduleGetRequest(name=name))
    if output == "table":
        click.echo(_described(found))
        return
    _print(output, [found], found.model_dump(mode="json", by_alias=True))


@command.command("create")
@click.argument("name")
@click.argument("action")
@_options.context
@click.option("--cron", default="", metavar="LINE", help="Minute, hour, day, month, weekday: '0 3 * * *'.")
@click.option("--every", default="", metavar="TIME", help="Instead of a cron line: 90s, 15m, 6h, 1d.")
@click.option("--zone", default="UTC", show_default=True, metavar="ZONE", help="Time zone, such as Europe/Berlin.")
@click.option("--grace", default="10m", show_default=True, metavar="TIME", help="How late is still made up for.")
@click.option(
    "-f", "--filename", "file", default="", metavar="FILE", help="The action's request, as YAML or JSON; or -."
)
@click.option("--with", "given", multiple=True, metavar="FIELD=VALUE", help="A field of the request; may be repeated.")
@click.option("--disabled", is_flag=True, help="Make no jobs yet.")
def create(
    name: str,
    action: str,
    context: str,
    cron: str,
    every: str,
    zone: str,
    grace: str,
    file: str,
    given: tuple[str, ...],
    disabled: bool,
) -> None:
    """Let ACTION be done again and again.

    Example: schedule create nightly backup --cron '0 3 * * *' --with everything=true --with storage=local
    """
    from proxmox_mpc.actions.schedule_create import ScheduleCreateRequest, schedule_create
    from proxmox_mpc.interfaces.cli._run import call

    request = ScheduleCreateRequest(
        name=name,
        action=action,
        request=_request(file, given) or {},
        cron=cron,
        interval_s=_seconds(every),
        zone=zone,
        grace_s=_seconds(grace),
        enabled=not disabled,
    )
    made = call(schedule_create, request, context=context)
    _say(made, "is kept")


@command.command("set")
@click.argument("name")
@click.option("--cron", metavar="LINE", help="Another cron line.")
@click.option("--every", metavar="TIME", help="Each so often: 90s, 15m, 6h, 1d.")
@click.option("--zone", metavar="ZONE", help="Another time zone.")
@click.option("--grace", metavar="TIME", help="How late is still made up for.")
@click.option("-f", "--filename", "file", default="", metavar="FILE", help="Another request, as YAML or JSON; or -.")
@click.option("--with", "given", multiple=True, metavar="FIELD=VALUE", help="A field of another request.")
def set_(
    name: str,
    cron: str | None,
    every: str | None,
    zone: str | None,
    grace: str | None,
    file: str,
    given: tuple[str, ...],
) -> None:
    """Change a schedule; what is not given stays, and it takes effect at once."""
    _change(
        name,
        "is changed",
        cron=cron,
        interval_s=_seconds(every) if every is not None else None,
        zone=zone,
        grace_s=_seconds(grace) if grace is not None else None,
        request=_request(file, given),
    )


@command.command("enable")
@click.argument("name")
def enable(name: str) -> None:
    """Let a schedule make jobs again."""
    _change(name, "is enabled", enabled=True)


@command.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Let a schedule make no jobs for now."""
    _change(name, "is disabled", enabled=False)


@command.command("delete")
@click.argument("name")
@_options.yes
def delete(name: str, yes: bool) -> None:
    """Delete a schedule; the jobs that it made stay."""
    from proxmox_mpc.actions.schedule_delete import ScheduleDeleteRequest, schedule_delete
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._run import call

    confirm(f"Delete the schedule {name}?", yes)
    click.echo(f"schedule {call(schedule_delete, ScheduleDeleteRequest(name=name)).name} is deleted")


@command.command("run")
@click.argument("name")
def run(name: str) -> None:
    """Do now what a schedule does, besides its due times."""
    from proxmox_mpc.actions.schedule_run import ScheduleRunRequest, schedule_run
    from proxmox_mpc.interfaces.cli._run import call

    job = call(schedule_run, ScheduleRunRequest(name=name))
    click.echo(f"{job.id} is queued: proxmox-cli job wait {job.id}")


def _change(name: str, done: str, **values: Any) -> None:
    from proxmox_mpc.actions.schedule_set import ScheduleSetRequest, schedule_set
    from proxmox_mpc.interfaces.cli._run import call

    _say(call(schedule_set, ScheduleSetRequest(name=name, **values)), done)


def _say(schedule: ScheduleView, done: str) -> None:
    from proxmox_mpc.interfaces.cli._jobs import moment

    due = f", due next at {moment(schedule.next_at)} by this machine's clock" if schedule.enabled else ""
    click.echo(f"schedule {schedule.name} {done}{due}")


def _request(file: str, given: tuple[str, ...]) -> dict[str, Any] | None:
    """The action's request, as a file and fields say; None where neither is given."""
    import yaml

    from proxmox_mpc.errors import InvalidInput, UsageError

    if not file and not given:
        return None
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8") if file else "{}"
        found = yaml.safe_load(text)
        fields = {
            name: yaml.safe_load(value) for name, equals, value in (one.partition("=") for one in given) if equals
        }
    except yaml.YAMLError:
        raise InvalidInput(f"{file or '--with'}: not valid YAML") from None
    if not isinstance(found, dict) or len(fields) < len(given):
        raise UsageError("a request has fields", hint="a mapping in the file, or --with FIELD=VALUE")
    return {**found, **fields}


def _seconds(text: str) -> int:
    from proxmox_mpc.errors import UsageError

    match = re.fullmatch(r"(\d{1,9})([smhd]?)", text.strip()) if text else None
    if text and match is None:
        raise UsageError(f"{text!r} is no time", hint="90s, 15m, 6h, 1d")
    return int(match[1]) * _UNITS[match[2] or "s"] if match else 0


def _described(item: ScheduleView) -> str:
    import yaml

    from proxmox_mpc.interfaces.cli._jobs import lines, moment

    asked = "yours to see: no" if item.request is None else yaml.safe_dump(item.request, sort_keys=False).strip()
    return lines(
        [
            ("schedule", item.name),
            ("action", item.action),
            ("request", asked.replace("\n", f"\n{'':<13}") if item.request != {} else "-"),
            ("when", f"{_when(item)}, made up for within {item.grace_s} s"),
            ("enabled", "yes" if item.enabled else "no"),
            ("next", moment(item.next_at) if item.enabled else "-"),
            ("last", moment(item.last_due_at)),
            *([("error", item.last_error)] if item.last_error else []),
            ("for", f"{item.actor}, on {item.context or 'the current context'}"),
        ]
    )


def _when(item: ScheduleView) -> str:
    return f"{item.cron} ({item.zone})" if item.cron else f"each {item.interval_s} s"


def _print(output: str, items: list[ScheduleView], document: Any) -> None:
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._jobs import moment

    page = [item.model_dump(mode="json", by_alias=True) for item in items]
    click.echo(
        _output.render(
            output,
            document=lambda: document if document is not None else page,
            items=lambda: page,
            names=lambda: [item.name for item in items],
            titles=["NAME", "ACTION", "WHEN", "ENABLED", "NEXT", "LAST", "FOR", "CONTEXT", "ERROR"],
            rows=[
                [
                    item.name,
                    item.action,
                    _when(item),
                    "yes" if item.enabled else "no",
                    moment(item.next_at) if item.enabled else "-",
                    moment(item.last_due_at),
                    item.actor,
                    item.context,
                    item.last_error or "-",
                ]
                for item in items
            ],
            empty="no schedules: proxmox-cli schedule create NAME ACTION --cron '0 3 * * *'",
        )
    )
