"""audit: what was done, and by whom."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("audit")
def command() -> None:
    """What was done, and by whom: writes, logins and denials, as a chain that shows every change."""


@command.command("list")
@click.option("--type", "type_", default="", help="Only these.", type=click.Choice(["", "write", "login", "denial"]))
@click.option("--actor", default="", help="Only what this user did.", metavar="NAME")
@click.option("--action", default="", help="Only this action.", metavar="NAME")
@click.option("--on", default="", help="Only what happened in this context.", metavar="NAME")
@click.option("--since", default="", help="Not before this date.", metavar="DATE")
@click.option("--until", default="", help="Before this date.", metavar="DATE")
@click.option("--before", default=None, type=click.IntRange(1, 2**31 - 1), help="Only before this record.", metavar="N")
@click.option("--count", default=100, show_default=True, type=click.IntRange(1, 1000), help="How many at most.")
@_options.context
@_options.output
def list_(
    type_: str,
    actor: str,
    action: str,
    on: str,
    since: str,
    until: str,
    before: int | None,
    count: int,
    context: str,
    output: str,
) -> None:
    """List records, the newest first."""
    from proxmox_mpc.actions.audit_list import AuditListRequest, audit_list
    from proxmox_mpc.interfaces.cli import _people
    from proxmox_mpc.interfaces.cli._moments import moment
    from proxmox_mpc.interfaces.cli._run import call

    request = AuditListRequest(
        type=type_,
        actor=actor,
        action=action,
        on=on,
        since=moment("", since),
        until=moment("", until),
        before=before,
        count=count,
    )
    columns = {
        "N": lambda record: record.seq,
        "AT": lambda record: _people.at(record.at),
        "TYPE": lambda record: record.type,
        "ACTOR": lambda record: record.actor,
        "ACTION": lambda record: record.action,
        "CONTEXT": lambda record: record.context,
        "SUBJECT": lambda record: record.subject,
        "OUTCOME": lambda record: record.outcome,
        "ADDRESS": lambda record: record.address,
    }
    items = call(audit_list, request, context=context).items
    _people.show(output, items, columns, lambda record: str(record.seq), empty="no records")


@command.command("verify")
@click.option("--expect", default="", metavar="NUMBER:HASH", help="What an earlier verification told: still there?")
@_options.context
def verify(expect: str, context: str) -> None:
    """Verify that nothing was changed, taken out, put in or cut off; exit code 1 where something was.

    Keep the last line elsewhere, and give it to --expect: so a database that was put back as a whole shows, too.
    """
    from proxmox_mpc.actions.audit_verify import AuditVerifyRequest, audit_verify
    from proxmox_mpc.interfaces.cli._run import call

    result = call(audit_verify, AuditVerifyRequest(expect=expect), context=context)
    if not result.whole:
        click.echo(f"BROKEN: {result.reason}", err=True)
        raise SystemExit(1)
    click.echo(f"{result.records} {'record' if result.records == 1 else 'records'}, whole", err=True)
    if result.head:
        click.echo(result.head)


@command.command("export")
@click.option("--out", default=None, metavar="FILE", type=click.Path(path_type=Path), help="Into this file.")
@click.option("--after", default=0, type=click.IntRange(0, 2**31 - 1), metavar="N", help="Only behind this record.")
@_options.context
def export(out: Path | None, after: int, context: str) -> None:
    """Print all records with their hashes, the oldest first, as lines of JSON."""
    if out is None:
        _export(sys.stdout, after, context)
        return
    with out.open("w", encoding="utf-8") as file:
        _export(file, after, context)


def _export(file: TextIO, after: int, context: str) -> None:
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.audit_export import AuditExportRequest, audit_export
    from proxmox_mpc.interfaces.cli._run import within

    async def work(session: Session) -> None:
        last: int | None = after
        while last is not None:
            page = await audit_export(session, AuditExportRequest(after=last))
            file.writelines(f"{record.model_dump_json(by_alias=True)}\n" for record in page.items)
            last = page.last

    within(work, context=context)
