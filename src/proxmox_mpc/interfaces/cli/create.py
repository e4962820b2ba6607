"""create: a guest is declared by options, and made; without a kind, a chart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.apply import ApplyResult


@click.command("create")
@click.argument("kind")
@click.argument("name", required=False)
@_options.context
@_options.namespace
@click.option("--app", default="", help="Application that owns it; else its own name.", metavar="NAME")
@click.option("--node", default="", metavar="NODE", help="Node; else the emptiest that fits.")
@click.option("--vmid", type=int, metavar="VMID", help="VMID; else a free one.")
@click.option("--template", default="", metavar="NAME", help="Template that it is cloned from.")
@click.option("--ostemplate", default="", metavar="VOLUME", help="OS template of a container.")
@click.option("--iso", default="", metavar="VOLUME", help="ISO image in a VM's CD-ROM drive.")
@click.option("--cores", type=int, metavar="N", help="Processor cores.")
@click.option("--memory", default="", metavar="SIZE", help="MiB, or with a unit: 4G.")
@click.option(
    "--disk", "disks", multiple=True, metavar="STORAGE:SIZE", help="May be repeated; mounts: STORAGE:SIZE:PATH."
)
@click.option("--net", "--bridge", "networks", multiple=True, metavar="BRIDGE[:VLAN]", help="A card; may be repeated.")
@click.option("--ip", default="", metavar="ADDRESS", help="Of the first card: 10.0.0.5/24, or dhcp.")
@click.option("--gateway", default="", metavar="ADDRESS", help="Gateway of the first card.")
@click.option("--user", default="", metavar="NAME", help="User that cloud-init makes.")
@click.option("--ssh-key", "key_files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="May be repeated.")
@click.option("--start", is_flag=True, help="Start it, and hold it running.")
@click.option("--set", "fields", multiple=True, metavar="PATH=VALUE", help="Any other field: cpu.type=host.")
@click.option("-p", "--starter", default="", metavar="FOLDER", help="Of a chart: a chart to start from.")
@click.option("--dry-run", is_flag=True, help="Show the plan, or with -o yaml the manifest, and stop.")
@click.option("-o", "--output", default="text", help="Output: text, json, yaml.", metavar="FORMAT")
def command(
    context: str,
    app: str,
    key_files: tuple[Path, ...],
    dry_run: bool,
    output: str,
    namespace: str,
    starter: str,
    **said: Any,
) -> None:
    """Create a guest: its manifest is made of these options, planned and applied as application NAME.

    `create NAME` alone makes a chart in the folder NAME, as `chart create NAME` does.

    Examples: create vm web --template debian-12 --cores 2 --memory 4G --start · create ct cache --ostemplate
    local:vztmpl/debian-12.tar.zst --disk local-lvm:8G --net vmbr0 --ip dhcp · create vm x … --dry-run -o yaml
    """
    from proxmox_mpc.actions._planning import ManifestText
    from proxmox_mpc.actions.apply import ApplyRequest, ApplyResult, apply
    from proxmox_mpc.actions.guest_create import GuestCreateRequest, guest_create
    from proxmox_mpc.actions.plan import plan
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._plan_text import outcome_text, plan_text
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import call, within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    if said["name"] is None:
        _chart(said["kind"], starter)
        return
    if starter:
        raise UsageError("--starter is for charts", hint="proxmox-cli create NAME --starter FOLDER")
    if output not in ("text", "json", "yaml") or (output == "yaml" and not dry_run):
        raise UsageError(f"there is no output {output!r} here", hint="known: text, json; with --dry-run also yaml")
    keys = [line for file in key_files for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    listed = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    wish = GuestCreateRequest(
        **listed, namespace=namespace or "default", ssh_keys=keys, without_cluster=output == "yaml"
    )
    if output == "yaml":
        click.echo(call(guest_create, wish, context=context).text, nl=False)
        return

    async def work(session: Session) -> ApplyResult:
        if not dry_run:
            await settle_first(session)
        text = (await guest_create(session, wish)).text
        name = f"create {wish.kind} {wish.name}"
        request = ApplyRequest(
            texts=[ManifestText(name=name, content=text)],
            application=app or wish.name,
            namespace=wish.namespace,
            source=name,
            verb="create",
        )
        shown = await plan(session, request)
        if output == "text":
            click.echo(plan_text(shown))
        if dry_run:
            return ApplyResult(plan=shown, revision=None, outcomes=[])
        return await apply(session, request.model_copy(update={"agreed": shown.hash}))

    with Show() as show:
        result = within(work, context=context, report=show)
    if output == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
    elif result.outcomes:
        click.echo(outcome_text(result.outcomes, result.revision, result.plan.application))
        click.echo(f"  its manifest: proxmox-cli {wish.kind} get {wish.name} -o yaml")


def _chart(name: str, starter: str) -> None:
    """One word that is no kind: a chart. Raises UsageError where a guest was meant."""
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli._app import _is_kind
    from proxmox_mpc.interfaces.cli._scaffold import scaffold

    ctx = click.get_current_context()
    given = [name for name in ctx.params if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if _is_kind(name) or set(given) - {"kind", "starter"}:
        hint = f"proxmox-cli create vm NAME …; a chart: proxmox-cli chart create {name}"
        raise UsageError(f"{name!r} alone is no guest: its kind or its name is missing", hint=hint)
    scaffold(name, Path(starter) if starter else None)
