"""explain: a kind or one of its fields."""

from __future__ import annotations

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("explain")
@click.argument("path", metavar="KIND[.FIELD…]")
@_options.output
def command(path: str, output: str) -> None:
    """Explain a kind or one of its fields: type, unit, default, limits, PVE's name, what a change costs.

    Examples: explain vm · explain vm.disks · explain VirtualMachine.cpu.cores
    """
    from proxmox_mpc.actions.explain import ExplainRequest, explain
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(explain, ExplainRequest(path=path))
    if output == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
        return
    lines = [click.style(result.path, bold=True), f"  {result.help}"]
    if result.versions:
        lines.append(f"  PVE: {', '.join(result.versions)}")
    if (field := result.field) is not None:
        facts = {
            "type": field.type + (", required" if field.required else ""),
            "default": _value(field.default),
            "limits": field.limits,
            "PVE parameter": field.parameter,
            "impact": field.impact and f"{field.impact} (of a running guest)" if field.impact != "none" else "none",
            "example": field.example,
            "note": "; ".join(field.notes),
        }
        width = max(len(name) for name in facts) + 2
        lines += [f"  {(name + ':').ljust(width)} {value}" for name, value in facts.items() if value not in ("", None)]
    if result.fields:
        rows = [
            (
                f.name,
                f.type,
                _value(f.default),
                f.impact if f.impact != "none" else "",
                f.help,
            )
            for f in result.fields
        ]
        lines += ["", _output.table(["FIELD", "TYPE", "DEFAULT", "IMPACT", "WHAT IT IS"], rows)]
    if result.example:
        lines += ["", click.style("Example:", bold=True), *(f"  {line}" for line in result.example.splitlines())]
    click.echo("\n".join(lines))


def _value(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
