"""store: the care of this machine's store, which is also that of a server that runs on it."""

from __future__ import annotations

import asyncio

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("store")
def command() -> None:
    """What Proxmox-MPC remembers, here or at DATABASE_URL: back it up, restore it, see how it is."""
    if click.get_current_context().find_root().params.get("server"):
        from proxmox_mpc.errors import UsageError

        raise UsageError(
            "the store is cared for where it is, not over a server",
            hint="Run it on the server's machine, with its DATABASE_URL and PROXMOX_SECRET_KEY.",
        )


@command.command("backup")
@click.argument("file")
def backup(file: str) -> None:
    """Write everything into FILE, while servers go on working; - is standard output.

    Secrets stay encrypted: keep PROXMOX_SECRET_KEY or the key file elsewhere, for both are needed to restore.
    """
    from proxmox_mpc.bootstrap import care

    rows = asyncio.run(care.back_up(file))
    click.echo(f"{_records(rows)} in {len(rows)} tables", err=True)


@command.command("restore")
@click.argument("file")
@click.option("--replace", is_flag=True, help="In the place of everything that is there.")
@_options.yes
def restore(file: str, replace: bool, yes: bool) -> None:
    """Put a backup back, as a whole or not at all; - is standard input. Servers and workers are ended before.

    Jobs that were open are cancelled (job retry begins them again), and everybody logs in again. Tokens and users are
    those of the backup, also where they were taken away since.
    """
    from proxmox_mpc.bootstrap import care
    from proxmox_mpc.interfaces.cli._confirm import confirm

    if replace:
        confirm("Replace everything that the store holds?", yes)
    click.echo(f"{_records(asyncio.run(care.restore(file, replace=replace)))} restored")


@command.command("status")
@_options.output
def status(output: str) -> None:
    """Show version, size, and which keys the secrets need; nothing is changed."""
    from dataclasses import asdict

    from proxmox_mpc.bootstrap import care
    from proxmox_mpc.interfaces.cli import _output

    look = asyncio.run(care.look())
    found = look.condition
    keys = [
        {"id": id, "secrets": count, "here": id not in look.missing_keys} for id, count in sorted(found.keys.items())
    ]
    names = {"size_bytes": "sizeBytes"}
    page = {names.get(name, name): value for name, value in asdict(found).items()} | {"keys": keys}
    rows = [
        ("database", f"{found.kind}, {found.place}"),
        ("schema", _schema(found.schema, found.newest)),
        ("size", f"{found.size_bytes / (1 << 20):.1f} MiB"),
        ("records", sum(found.rows.values())),
        *((f"  {name}", count) for name, count in sorted(found.rows.items()) if count),
        *((f"key {key['id']}", f"{key['secrets']} secrets{'' if key['here'] else ': IT IS NOT HERE'}") for key in keys),
    ]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: [page],
            names=lambda: [found.place],
            titles=["WHAT", "IS"],
            rows=rows,
        )
    )


@command.command("migrate")
def migrate() -> None:
    """Bring the tables up to date; else whatever opens the store first does."""
    from proxmox_mpc.bootstrap import care

    before, after = asyncio.run(care.migrate())
    click.echo(f"the tables are at {after}" + (f", and were at {before}" if before not in ("", after) else ""))


@command.command("compact")
def compact() -> None:
    """Give space that nothing uses any more back to the disk."""
    from proxmox_mpc.bootstrap import care

    before, after = asyncio.run(care.compact())
    click.echo(f"{after / (1 << 20):.1f} MiB, before {before / (1 << 20):.1f} MiB")


def _records(rows: dict[str, int]) -> str:
    count = sum(rows.values())
    return f"{count} {'record' if count == 1 else 'records'}"


def _schema(schema: str, newest: str) -> str:
    if schema == newest:
        return f"{schema}, up to date"
    return f"{schema or 'none yet'}; {newest} is the newest (proxmox-cli store migrate)"
