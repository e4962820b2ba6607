"""rehearse: what applying manifests would do, tried on a copy of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from proxmox_mpc.interfaces.cli import _options

CODES = {"fine": 0, "fails": 1, "refused": 6}


@click.command("rehearse")
@click.argument("plan_file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@_options.desired
@_options.snapshot
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="'NAME KEY=VALUE…'",
    help="What goes wrong while it is applied: 'node_down name=pve2', 'storage_full name=ceph', quorum_lost, "
    "'fail_task type=qmstart error=…'; may be repeated.",
)
@click.option("--faults", "chosen", type=click.Choice(["random"]), help="Let something go wrong, chosen by --seed.")
@click.option("--seed", type=int, metavar="N", help="Which random faults; made up and told when not given.")
@click.option("-o", "--output", default="text", help="Output: text, json, yaml.", metavar="FORMAT")
def command(
    plan_file: Path | None,
    context: str,
    faults: Sequence[str],
    chosen: str | None,
    seed: int | None,
    output: str,
    **wished: Any,
) -> None:
    """Apply manifests, or a saved plan, to a copy of the cluster, and show what would happen. The cluster is only read.

    Exits with 0 where it would go through, 1 where it would fail, 6 where a gate would refuse it.
    Examples: rehearse -f web.yaml · rehearse -f . --fault quorum_lost · rehearse -f . --faults random --seed 7
    """
    import random

    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._rehearsal_text import rehearsal_text
    from proxmox_mpc.interfaces.cli._run import within

    if plan_file is not None and wished["files"]:
        raise UsageError("a saved plan and -f exclude each other")
    if seed is not None and chosen is None:
        raise UsageError("--seed says which random faults are meant", hint="add --faults random")
    dice = random.randrange(10_000) if seed is None else seed  # noqa: S311 dice, not secrets
    more = {"faults": list(faults), "random_faults": chosen is not None, "seed": dice}

    async def work(session: Any) -> Any:
        from proxmox_mpc.actions.rehearse import rehearse

        return await rehearse(session, await _request(session, plan_file, wished, more))

    with Show() as show:
        result = within(work, context=context, report=show)
    page = result.model_dump(mode="json", by_alias=True)
    again = f"--faults random --seed {dice}" if chosen else ""
    text = {"json": _output.as_json, "yaml": _output.as_yaml}.get(output, lambda _: rehearsal_text(result, again))
    click.echo(text(page))
    raise SystemExit(CODES[result.verdict])


async def _request(session: Any, plan_file: Path | None, wished: dict[str, Any], more: dict[str, Any]) -> Any:
    """What a saved plan or the options ask for."""
    from proxmox_mpc.actions._planning import DesiredState
    from proxmox_mpc.actions.plan_open import PlanOpenRequest, plan_open
    from proxmox_mpc.actions.rehearse import RehearseRequest
    from proxmox_mpc.errors import NotFoundError
    from proxmox_mpc.interfaces.cli._files import desired

    if plan_file is None:
        return RehearseRequest(**desired(**wished).model_dump(), **more)
    if not plan_file.is_file():
        raise NotFoundError(f"there is no plan file {plan_file}", hint="manifests are given with -f")
    opened = (await plan_open(session, PlanOpenRequest(content=plan_file.read_text(encoding="utf-8")))).request
    known = opened.model_dump(include={*DesiredState.model_fields, "agreed"})
    return RehearseRequest(**known, **more)
