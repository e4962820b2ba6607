"""drift: what is not as it was applied, and what of it is accepted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions._drifts import AcceptedView


class _Shows(click.Group):
    """`drift shop` is `drift show shop`; an application called like a command is shown by `drift show`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for_help = bool({"-h", "--help"} & set(args[:1]))
        return super().parse_args(
            ctx, args if asks_for_help or (args[:1] and args[0] in self.commands) else ["show", *args]
        )


@click.group("drift", cls=_Shows)
def command() -> None:
    """Show what is not as it was applied, since when, and who did it; accept it for a while.

    Examples: drift · drift shop -o json · drift -f web.yaml · drift accept shop web-1 --field memory --for 7d
    """


@command.command("show")
@click.argument("application", required=False, default="", metavar="[APPLICATION]")
@_options.files
@_options.recursive
@_options.namespace
@_options.context
@_options.output
def show(application: str, files: Sequence[str], recursive: bool, namespace: str, context: str, output: str) -> None:
    """Show which declared fields differ from what was applied; exits with 3 where some do that nobody accepted."""
    from proxmox_mpc.actions.drift import DriftRequest, drift
    from proxmox_mpc.interfaces.cli import _drift_text, _files, _output
    from proxmox_mpc.interfaces.cli._run import call

    texts = _files.read(files, recursive) if files else []
    request = DriftRequest(application=application, texts=texts, namespace=namespace or "default")
    result = call(drift, request, context=context)
    page = result.model_dump(mode="json", by_alias=True)
    if output == "table":
        click.echo(_drift_text.drift_text(result))
    else:
        click.echo(
            _output.render(
                output,
                document=lambda: page,
                items=lambda: page["items"],
                names=lambda: [f"{item.kind.lower()}/{_drift_text.label(item)}" for item in result.items],
                titles=["APPLICATION", "RESOURCE", "STATE", "FIELD", "DECLARED", "LIVE", "BEFORE", "TASK", "ACCEPTED"],
                rows=_drift_text.rows(result),
                empty="no drift",
            )
        )
    if result.drifted:
        raise SystemExit(3)


_field = click.option(
    "--field", "fields", multiple=True, metavar="PATH", help="Only this field, with all below it; may be repeated."
)


@command.command("accept")
@click.argument("application")
@click.argument("resources", nargs=-1, metavar="[RESOURCE…]")
@_field
@click.option("--for", "lasting", default="", metavar="TIME", help="So long: 7d, 12h, 30m, 2w.")
@click.option("--until", default="", metavar="DATE", help="Until then: 2026-12-24, or 2026-12-24T18:00.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is shown wherever the drift would be.")
@_options.context
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
def accept(
    application: str,
    resources: Sequence[str],
    fields: Sequence[str],
    lasting: str,
    until: str,
    reason: str,
    context: str,
    output: str,
) -> None:
    """Accept drift as it is: it is not reported until it expires, or the live value changes again.

    An apply sets it back all the same, and its plan says so.
    Examples: drift accept shop · drift accept shop vm/web-1 --field cpu.cores --for 7d --reason "load test"
    """
    from proxmox_mpc.actions.drift_accept import DriftAcceptRequest, drift_accept
    from proxmox_mpc.interfaces.cli._moments import moment
    from proxmox_mpc.interfaces.cli._run import call

    request = DriftAcceptRequest(
        application=application,
        resources=list(resources),
        fields=list(fields),
        until=moment(lasting, until),
        reason=reason,
    )
    items = call(drift_accept, request, context=context).items
    _tell(items, output, "accepted")


@command.command("revoke")
@click.argument("application")
@click.argument("resources", nargs=-1, metavar="[RESOURCE…]")
@_field
@_options.context
@click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT")
def revoke(application: str, resources: Sequence[str], fields: Sequence[str], context: str, output: str) -> None:
    """Take an acceptance back: the drift is reported again."""
    from proxmox_mpc.actions.drift_revoke import DriftRevokeRequest, drift_revoke
    from proxmox_mpc.interfaces.cli._run import call

    request = DriftRevokeRequest(application=application, resources=list(resources), fields=list(fields))
    _tell(call(drift_revoke, request, context=context).items, output, "accepted no more")


@command.command("list-accepted")
@click.argument("application", required=False, default="", metavar="[APPLICATION]")
@_options.context
@_options.output
def list_accepted(application: str, context: str, output: str) -> None:
    """List the drift that is accepted: by whom, why, and until when."""
    from proxmox_mpc.actions.drift_list_accepted import DriftListAcceptedRequest, drift_list_accepted
    from proxmox_mpc.interfaces.cli import _drift_text, _output
    from proxmox_mpc.interfaces.cli._run import call

    items = call(drift_list_accepted, DriftListAcceptedRequest(application=application), context=context).items
    page = [item.model_dump(mode="json", by_alias=True) for item in items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [f"{item.kind.lower()}/{_drift_text.label(item)}/{item.path}" for item in items],
            titles=["APPLICATION", "RESOURCE", "FIELD", "UNTIL", "BY", "REASON"],
            rows=[
                (
                    item.application,
                    f"{item.kind} {_drift_text.label(item)}",
                    item.path or "(missing)",
                    _drift_text.time(item.until) if item.until else "for good",
                    item.actor,
                    item.reason,
                )
                for item in items
            ],
            empty="no drift is accepted",
        )
    )


def _tell(items: Sequence[AcceptedView], output: str, what: str) -> None:
    from proxmox_mpc.interfaces.cli import _drift_text, _output

    if output == "json":
        page: Any = [item.model_dump(mode="json", by_alias=True) for item in items]
        click.echo(_output.as_json(page))
        return
    for item in items:
        until = f" until {_drift_text.time(item.until)}" if item.until and what == "accepted" else ""
        path = item.path or "that it is missing"
        click.echo(f"{click.style('✓', fg='green')} {item.kind} {_drift_text.label(item)}: {path} is {what}{until}")
