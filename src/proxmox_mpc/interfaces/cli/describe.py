"""describe: all that is known of some objects."""

from __future__ import annotations

from collections.abc import Sequence

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("describe")
@click.argument("kind")
@click.argument("names", nargs=-1)
@_options.context
@_options.output
@_options.namespace
@_options.selector
def command(kind: str, names: Sequence[str], context: str, output: str, namespace: str, selector: str) -> None:
    """Show all that is known of some objects: configuration, state, owner, pending changes, events."""
    from proxmox_mpc.actions.describe import DescribeRequest, DescriptionView, describe
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    if "/" in kind and not names:
        kind, _, name = kind.partition("/")
        names = (name,)
    request = DescribeRequest(kind=kind, names=list(names), namespace=namespace, selector=selector)
    result = call(describe, request, context=context)

    def text(item: DescriptionView) -> str:
        identity = ", ".join(f"{name} {value}" for name, value in item.identity.items())
        lines = [f"{_title('Name')}{item.name}", f"{_title('Kind')}{item.kind}"]
        lines += [f"{_title('Namespace')}{item.namespace}"] if item.namespace else []
        lines += [f"{_title('Identity')}{identity}", f"{_title('Owner')}{item.application or 'nobody'}"]
        if status := item.facts.get("status") or item.facts.get("summary"):
            lines.append(f"{_title('Status')}{status}")
        if item.pending:
            lines.append(f"{_title('Pending')}{', '.join(item.pending)} (take effect at the next restart)")
        if item.unknown:
            lines.append(f"{_title('Unknown')}{item.unknown} (keys that are kept as they are)")
        lines.append(_title("Manifest").rstrip())
        lines += [f"  {line}" for line in _output.as_yaml(item.manifest).splitlines()]
        if item.events:
            lines += [_title("Events").rstrip(), *(f"  {line}" for line in item.events)]
        return "\n".join(lines)

    if output == "table":
        click.echo("\n\n".join(text(item) for item in result.items))
    else:
        page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
        click.echo(_output.as_yaml(page) if output == "yaml" else _output.as_json(page))


def _title(word: str) -> str:
    return click.style(f"{word}:".ljust(14), bold=True)
