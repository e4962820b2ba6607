"""The verbs as a group that imports a verb only when it is typed, and the one place where errors become exit codes."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules

import click

from proxmox_mpc.errors import InvalidInput, InvalidInputs, MpcError
from proxmox_mpc.interfaces import cli

SECTIONS = {
    "Look": ("get", "describe", "explain", "api-resources", "discover", "status", "drift", "tasks", "logs", "wait"),
    "Declare": ("validate", "plan", "diff", "rehearse", "apply", "delete", "export", "adopt", "history", "rollback"),
    "Guests": (
        *("create", "start", "stop", "shutdown", "reboot", "reset", "suspend", "resume"),
        *("clone", "migrate", "resize", "tag", "guest-template", "snapshot", "snapshots"),
        *("backup", "restore", "exec", "drain", "uncordon"),
    ),
    "Charts": (
        *("template", "install", "upgrade", "uninstall", "list", "test"),
        *("lint", "package", "verify", "show", "dependency", "repo", "search", "pull", "push", "chart"),
    ),
    "People": ("whoami", "user", "group", "role", "grant", "token", "session", "provider", "audit"),
    "Server": ("serve", "store", "login", "logout", "webhook"),
    "Background": ("job", "schedule", "events", "worker", "beat"),
    "Set up": ("config", "secret", "test-connection", "simulate", "completion", "version"),
}


_KIND_ARGUMENTS = ("kind", "kinds", "guests")
"""Arguments of verbs before which a kind may stand."""
_JOINED = {"path": ".", "target": "/"}
"""Arguments that hold a kind and more in one word: `explain vm.disks`, `wait vm/web`."""


class Verbs(click.Group):
    """One command per plain file beside this one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        plain = (module.name for module in iter_modules(cli.__path__) if not module.name.startswith("_"))
        return sorted(name.replace("_", "-") for name in plain)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = import_module(f"{cli.__name__}.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        args = self._verb_first(ctx, args)
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            if len(args) > 1 and _is_kind(args[0]):
                raise click.UsageError(f"There is no verb {args[1]!r} for {args[0]}. Try proxmox-cli --help.")
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f" Did you mean {close[0]}?" if close else " Try proxmox-cli --help."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def _verb_first(self, ctx: click.Context, args: list[str]) -> list[str]:
        """`vm start web` as `start vm web`: every kind may stand before every verb that takes one.

        Where a verb alone means something else, `guest-VERB` is the one of guests: `vm template web`.
        """
        noun, verb, rest = args[0] if args else "", args[1] if len(args) > 1 else "", args[2:]
        own = self.get_command(ctx, noun)
        if (isinstance(own, click.Group) and verb in own.commands) or (own and not isinstance(own, click.Group)):
            return args
        if not _is_kind(noun):
            return args
        name = next((name for name in (f"guest-{verb}", verb) if self.get_command(ctx, name) is not None), "")
        command = self.get_command(ctx, name)
        if isinstance(command, click.Group) and rest:
            return [name, rest[0], noun, *rest[1:]]
        takes = next((p.name for p in command.params if isinstance(p, click.Argument)), "") if command else ""
        if takes in _JOINED:
            return [name, f"{noun}{_JOINED[takes]}{rest[0]}", *rest[1:]] if rest else [name, noun]
        return [name, noun, *rest] if takes in _KIND_ARGUMENTS else args

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            rows = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(n, c.get_short_help_str(72)) for n, c in rows if c is not None])


def _is_kind(word: str) -> bool:
    from proxmox_mpc.errors import NotFoundError
    from proxmox_mpc.kinds import find_kind

    try:
        find_kind(word)
    except NotFoundError:
        return False
    return True


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--server", metavar="NAME", help="Run it on this Proxmox-MPC server (see login); `local`: here.")
def root(server: str | None) -> None:
    """Run Proxmox VE clusters the way Kubernetes and Helm users run theirs.

    Write down what should exist, see a plan, apply it. No cluster at hand? `proxmox-cli simulate` starts one.
    """


def main(arguments: Sequence[str]) -> int:
    try:
        root.main(args=list(arguments), prog_name="proxmox-cli", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        return 1
    except MpcError as error:
        show_error(error)
        return error.exit_code
    except UnicodeDecodeError as error:
        return _failed(f"not a text in UTF-8: {error.reason}")
    except ValueError as error:
        show_error(_invalid(error))
        return InvalidInputs.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader (head, less) has gone; nobody is left to tell
        return 0
    except OSError as error:
        return _failed(f"{error.filename or 'file'}: {error.strerror or error}")
    return 0


def _invalid(error: ValueError) -> InvalidInputs:
    """What a request cannot hold, without what was given: it may be a secret. Other errors are ours, and go on."""
    from pydantic import ValidationError

    from proxmox_mpc.actions._texts import invalid, told

    if not isinstance(error, ValidationError):
        raise error
    return InvalidInputs([InvalidInput(told(one)) for one in invalid(error.errors())])


def _failed(message: str) -> int:
    show_error(MpcError(message))
    return 1


def show_error(error: MpcError) -> None:
    """One clear error: what and where, then what to do."""
    several = error.errors if isinstance(error, InvalidInputs) else (error,)
    for one in several:
        place = f"{one.place}: " if one.place else ""
        click.echo(f"{place}{click.style('error:', fg='red', bold=True)} {one.message}", err=True)
        if one.hint:
            hint = one.hint.replace("\n", "\n      ")
            click.echo(f"  {click.style('→', fg='cyan')} {hint}", err=True)
    if len(several) > 1:
        click.echo(f"{len(several)} errors; nothing was changed", err=True)
