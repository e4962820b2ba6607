"""events: what happened to which resource."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("events")
@_options.context
@_options.output
@_options.namespace
@click.option("--for", "about", default="", metavar="KIND/NAME", help="Only of this resource: vm/web.")
@click.option("--warnings", is_flag=True, help="Only warnings.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 5000), metavar="N", help="At the most.")
@click.option("-w", "--watch", is_flag=True, help="Go on, and show events as they come.")
def command(context: str, output: str, namespace: str, about: str, warnings: bool, limit: int, watch: bool) -> None:
    """List what happened to resources, the oldest first."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.events import EventsRequest, EventsResult, events
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._watch import EVERY_S

    kind, _, name = about.partition("/") if "/" in about else ("", "", about)
    request = EventsRequest(kind=kind, name=name, namespace=namespace, warnings=warnings, limit=limit)

    def show(result: EventsResult, *, first: bool) -> None:
        page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
        text = _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [str(item.id) for item in result.items],
            titles=["AT", "TYPE", "REASON", "OBJECT", "BY", "MESSAGE"],
            rows=[
                (
                    f"{i.at.astimezone():%Y-%m-%d %H:%M:%S}",
                    i.type,
                    i.reason,
                    f"{i.kind.lower()}/{i.name}",
                    i.actor,
                    i.message.partition("\n")[0],
                )
                for i in result.items
            ],
            empty="no events" if first else "",
        )
        if first or result.items:
            click.echo(text if first or output not in ("table", "wide") else text.partition("\n")[2])

    async def work(session: Session) -> None:
        import asyncio

        result = await events(session, request)
        show(result, first=True)
        while watch:
            await asyncio.sleep(EVERY_S)
            result = await events(session, request.model_copy(update={"after": result.after}))
            show(result, first=False)

    within(work, context=context)
