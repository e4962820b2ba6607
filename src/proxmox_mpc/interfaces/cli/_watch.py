"""get -w: rows as they change."""

from __future__ import annotations

import asyncio

import click

from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.get import GetRequest, get
from proxmox_mpc.interfaces.cli._output import table

EVERY_S = 2.0
"""PVE gathers its bulk rows about every 10 s; asking each 2 s shows a change soon after it is known."""


async def watch_rows(session: Session, request: GetRequest) -> None:
    """Print the table, then every row that is new or different, until interrupted."""
    seen: dict[str, list[object]] = {}
    first = True
    while True:
        result = await get(session, request)
        titles = [column.title for column in result.columns if not column.wide]
        shown = [i for i, column in enumerate(result.columns) if not column.wide and column.title != "UPTIME"]
        rows = []
        for item in result.items:
            key, cells = str(item.identity), [item.cells[i] for i in shown]
            if seen.get(key) != cells:
                rows.append([item.cells[i] for i, c in enumerate(result.columns) if not c.wide])
            seen[key] = cells
        if rows:
            text = table(titles, rows, [c.right for c in result.columns if not c.wide])
            click.echo(text if first else text.partition("\n")[2])
        first = False
        await asyncio.sleep(EVERY_S)
