"""whoami: who acts, and what that one may."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("whoami")
@_options.context
@_options.output
def command(context: str, output: str) -> None:
    """Say who you are here, and what you may."""
    from proxmox_mpc.actions.whoami import WhoamiRequest, whoami
    from proxmox_mpc.interfaces.cli import _output, _people
    from proxmox_mpc.interfaces.cli._run import call

    result = call(whoami, WhoamiRequest(), context=context)
    page = result.model_dump(mode="json", by_alias=True)
    limits = [("within", one) for one in (result.limits,) if one is not None]
    rows = [
        (word, ", ".join(one.permissions), _people.where(one.contexts), _people.where(one.namespaces))
        for word, one in [*(("may", grant) for grant in result.grants), *limits]
    ]
    if output in ("table", "wide"):
        click.echo(f"{result.name}, by {result.by}")
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page["grants"],
            names=lambda: [result.name],
            titles=["", "PERMISSIONS", "CONTEXTS", "NAMESPACES"],
            rows=rows,
            empty="nothing is granted",
        )
    )
