"""plan: what applying manifests would do."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from proxmox_mpc.interfaces.cli import _options


@click.command("plan")
@_options.desired
@_options.snapshot
@click.option("-o", "--output", default="text", help="Output: text, json, yaml.", metavar="FORMAT")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Save the plan; `apply FILE` applies it.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 where there are changes.")
def command(context: str, output: str, out: Path | None, exit_code: bool, **wished: Any) -> None:
    """Show what applying these manifests would do, and what it costs. Changes nothing."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions._views import PlanView
    from proxmox_mpc.actions.plan import plan
    from proxmox_mpc.actions.plan_save import PlanSaveRequest, plan_save
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._files import desired
    from proxmox_mpc.interfaces.cli._plan_text import plan_text
    from proxmox_mpc.interfaces.cli._run import within

    request = desired(**wished)

    async def work(session: Session) -> PlanView:
        if out is None:
            return await plan(session, request)
        saved = await plan_save(session, PlanSaveRequest(**request.model_dump()))
        out.write_text(saved.content, encoding="utf-8")
        return saved.plan

    result = within(work, context=context)
    page = result.model_dump(mode="json", by_alias=True)
    click.echo({"json": _output.as_json, "yaml": _output.as_yaml}.get(output, lambda _: plan_text(result))(page))
    if out is not None and output == "text":
        click.echo(f"saved to {out}; apply exactly this with: proxmox-cli apply {out}")
    elif output == "text" and not result.empty:
        if any(step.blocked for step in result.steps):
            click.echo("an apply would refuse this plan as a whole, and change nothing")
        else:
            click.echo(f"apply it with: proxmox-cli apply {_words({**wished, 'context': context})}")
            click.echo(f"exactly this, once reviewed: … --approve {result.hash[:12]}")
    if exit_code and not result.empty:
        raise SystemExit(3)


def _words(said: Mapping[str, Any]) -> str:
    """The options as they were typed."""
    import shlex

    flags = {"recursive": "-R", "prune": "--prune", "adopt": "--adopt"}
    values = {"namespace": "-n", "app": "--app", "allow": "--allow", "max_deletions": "--max-deletions"}
    values |= {"context": "--context"}
    words = [f"-f {shlex.quote(name)}" for name in said["files"]]
    words += [flag for name, flag in flags.items() if said[name]]
    words += [{"": "", "all": "--snapshot", "possible": "--snapshot-where-possible"}[said["snapshot"]]]
    words += [f"{flag} {shlex.quote(str(said[name]))}" for name, flag in values.items() if said[name] not in ("", None)]
    return " ".join(filter(None, words))
