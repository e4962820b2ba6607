"""repo: chart repositories."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from proxmox_mpc.interfaces.cli import _options


@click.group("repo")
def command() -> None:
    """Know chart repositories, or make your own."""


@command.command("add")
@click.argument("name")
@click.argument("url")
@click.option("--username", default="", metavar="NAME", help="User, where it wants a login; the password is asked for.")
@click.option("--password", default="", metavar="TEXT", help="That user's password.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--force-update", "force", is_flag=True, help="Put it in the place of another one of this name.")
def add(name: str, url: str, username: str, password: str, password_stdin: bool, force: bool) -> None:
    """Make a repository known as NAME, whose charts are NAME/CHART.

    Example: repo add shop https://charts.example.com --username ops
    """
    from proxmox_mpc.actions.repo_add import RepoAddRequest, repo_add
    from proxmox_mpc.interfaces.cli._run import call

    if password_stdin:
        password = sys.stdin.read().rstrip("\n")
    elif username and not password and sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, err=True)
    result = call(repo_add, RepoAddRequest(name=name, url=url, username=username, password=password, force=force))
    for remark in result.remarks:
        click.echo(f"note: {remark}", err=True)
    count = f"{result.charts} {'chart' if result.charts == 1 else 'charts'}"
    click.echo(f"{click.style(result.name, bold=True)} is known, with {count}: proxmox-cli search repo {result.name}/")


@command.command("list")
@_options.output
def list_(output: str) -> None:
    """List the repositories that are known."""
    from proxmox_mpc.actions.repo_list import RepoListRequest, repo_list
    from proxmox_mpc.interfaces.cli import _output
    from proxmox_mpc.interfaces.cli._run import call

    result = call(repo_list, RepoListRequest())
    page = [item.model_dump(mode="json", by_alias=True) for item in result.items]
    click.echo(
        _output.render(
            output,
            document=lambda: page,
            items=lambda: page,
            names=lambda: [item.name for item in result.items],
            titles=["NAME", "URL", "USER", "UPDATED"],
            rows=[
                (i.name, i.url, i.username or "-", f"{i.fetched_at:%Y-%m-%d %H:%M}" if i.fetched_at else "never")
                for i in result.items
            ],
            empty="no repositories: proxmox-cli repo add NAME URL",
        )
    )


@command.command("update")
@click.argument("names", nargs=-1, metavar="[NAME…]")
def update(names: Sequence[str]) -> None:
    """Read the indexes anew; exit code 1 where one fails."""
    from proxmox_mpc.actions.repo_update import RepoUpdateRequest, repo_update
    from proxmox_mpc.errors import MpcError
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import call

    with Show() as show:
        result = call(repo_update, RepoUpdateRequest(names=list(names)), report=show)
    for item in result.items:
        if not item.error:
            click.echo(f"{click.style('✓', fg='green')} {item.name}: {item.charts} charts")
    failed = [item for item in result.items if item.error]
    if failed:
        hints = dict.fromkeys(item.hint for item in failed if item.hint)
        message = f"of {', '.join(item.name for item in failed)} the charts are those of the last time"
        raise MpcError(message, hint="\n".join(hints))


@command.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME…")
def remove(names: Sequence[str]) -> None:
    """Forget repositories; what was installed stays."""
    from proxmox_mpc.actions.repo_remove import RepoRemoveRequest, repo_remove
    from proxmox_mpc.interfaces.cli._run import call

    for name in call(repo_remove, RepoRemoveRequest(names=list(names))).names:
        click.echo(f"{name} is forgotten")


@command.command("index")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--url", default="", metavar="URL", help="Where FOLDER will be served; else paths are relative.")
@click.option("--merge", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Keep its others.")
def index(folder: Path, url: str, merge: Path | None) -> None:
    """Make FOLDER a repository: write its index.yaml.

    It names the .tgz files in FOLDER and in its folders. Any web server can serve it. Example: repo index public
    --url https://charts.example.com --merge old.yaml
    """
    from proxmox_mpc.actions.repo_index import RepoIndexRequest, repo_index
    from proxmox_mpc.interfaces.cli._chart_sources import write_file
    from proxmox_mpc.interfaces.cli._run import call

    # As deep as Helm looks.
    files = sorted({*folder.glob("*.tgz"), *folder.glob("*/*.tgz")})
    archives = {file.relative_to(folder).as_posix(): base64.b64encode(file.read_bytes()).decode() for file in files}
    old = merge.read_text(encoding="utf-8") if merge and merge.is_file() else ""
    result = call(repo_index, RepoIndexRequest(archives=archives, url=url, merge=old))
    for remark in result.remarks:
        click.echo(f"note: {remark}", err=True)
    write_file(folder / "index.yaml", result.text.encode())
    count = f"{result.versions} {'version' if result.versions == 1 else 'versions'}"
    click.echo(f"wrote {folder / 'index.yaml'}: {count} of charts")
