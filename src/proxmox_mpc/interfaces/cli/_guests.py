"""What verbs on guests share: their options, the question, the progress, and the summary with what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions._action import Action
    from proxmox_mpc.actions._guests.choice import AgreedRequest, GuestsRequest
    from proxmox_mpc.actions._guests.turns import GuestsResult, GuestView

F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R", bound="GuestsRequest")

SHOWN = 40
"""Guests that are listed before a question; of more, their number is what counts."""
CHOOSING = ("guests", "files", "recursive", "namespace", "selector", "field_selector", "everything")
"""Parameters that say which guests are meant: the command that tries again names those that failed instead."""
_PASSED_ON = ("namespace", "selector", "field_selector", "everything", "dry_run")
"""Parameters of the request that are typed as they are."""

_options_of_all: Sequence[Callable[[Any], Any]] = (
    _options.context,
    _options.files,
    _options.recursive,
    _options.namespace,
    _options.selector,
    click.option("--field-selector", default="", help="Facts: status=running, node=pve1.", metavar="SEL"),
    click.option("--all", "everything", is_flag=True, help="All guests."),
    _options.yes,
    click.option("--dry-run", is_flag=True, help="Say what would be done, and send nothing."),
    click.option("-o", "--output", default="text", help="Output: text, json.", metavar="FORMAT"),
)


def options(function: F) -> F:
    """`[KIND] GUEST…` and all by which guests are chosen."""
    return click.argument("guests", nargs=-1, metavar="[KIND] [GUEST…]")(choosing(function))


def choosing(function: F) -> F:
    """The same for a verb whose words are not all guests."""
    for option in reversed(_options_of_all):
        function = option(function)
    return function


def one(function: F) -> F:
    """The options of a verb for one guest."""
    kept = (_options.context, _options.namespace, *_options_of_all[-3:])
    for option in reversed(kept):
        function = option(function)
    return function


def last(words: Sequence[str], number: int, form: str) -> tuple[list[str], list[str]]:
    """The guests among the words, and so many words after them. Raises UsageError with the form."""
    from proxmox_mpc.errors import UsageError

    if len(words) < number:
        raise UsageError("some words are missing", hint=f"proxmox-cli {form}")
    return list(words[: len(words) - number]), list(words[len(words) - number :])


def first(words: Sequence[str], form: str) -> tuple[list[str], list[str]]:
    """The one guest at the beginning, with its kind, and the words after it. Raises UsageError with the form."""
    from proxmox_mpc.actions._guests.choice import is_guest_kind
    from proxmox_mpc.errors import UsageError

    if not words:
        raise UsageError("some words are missing", hint=f"proxmox-cli {form}")
    number = 2 if is_guest_kind(words[0]) and len(words) > 1 else 1
    return list(words[:number]), list(words[number:])


def moving(function: F) -> F:
    """The options of verbs that empty a node, or fill it again."""
    containers = click.Choice(["restart", "leave"])
    own = (
        _options.context,
        click.option(
            "--containers", type=containers, default="restart", help="Running ones move by a restart, or stay."
        ),
        click.option("--timeout", type=float, metavar="SECONDS", help="Begin no further move after this time."),
        *_options_of_all[-3:],
    )
    for option in reversed(own):
        function = option(function)
    return function


def request_of(kind: type[R], chosen: dict[str, Any], **more: Any) -> R:
    """The action's request, from what was typed."""
    from proxmox_mpc.actions._guests.choice import is_guest_kind
    from proxmox_mpc.interfaces.cli._files import application_name, read

    words, files = list(chosen["guests"]), chosen.get("files", ())
    kind_word = words.pop(0) if words and is_guest_kind(words[0]) else ""
    return kind(
        kind=kind_word,
        guests=words,
        texts=read(files, chosen["recursive"]) if files else [],
        application=application_name("", files),
        **{name: chosen[name] for name in _PASSED_ON if name in chosen},
        **more,
    )


def act(
    action: Action[Any, Any],
    chosen: dict[str, Any],
    *,
    show: Callable[[GuestsResult], str] | None = None,
    retry: Callable[[Sequence[GuestView]], list[str]] | None = None,
    alike: Callable[[GuestView], str] = lambda item: "",
    then: Callable[[Any], Sequence[str]] = lambda result: (),
    request: AgreedRequest | None = None,
    quiet: bool = False,
    **more: Any,
) -> None:
    """Show, ask where something is lost, do it, and say how it went; ends the command with its exit code.

    `show` is for verbs whose result is more than that, `then` for what they say besides; `retry` answers the words by
    which those that failed are tried again, those that are `alike` together; else they are the guests. A `quiet` verb
    shows no progress: its output belongs to others. The `request` is made of what was `chosen`, where it is not given.
    """
    from proxmox_mpc.interfaces.cli import _output

    request = request or request_of(action.request, chosen, settled=True, **more)
    result = run(action, request, chosen, quiet=quiet)
    if chosen["output"] == "json":
        click.echo(_output.as_json(result.model_dump(mode="json", by_alias=True)))
    elif show is not None and not result.dry_run:
        click.echo(show(result), nl=False)
        if failed := [item for item in result.items if item.error]:
            click.echo(problems(result, failed), err=True)
    else:
        said = proposal(result) if result.dry_run else summary(result, retry or guests_again, alike)
        besides = then(result)
        click.echo("\n".join([*([said] if result.items or not besides else []), *besides]))
    if result.exit_code:
        raise SystemExit(result.exit_code)


def run(action: Action[Any, Any], request: AgreedRequest, chosen: dict[str, Any], *, quiet: bool) -> GuestsResult:
    """The action's result, once what had to be asked was agreed to."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli._confirm import confirm
    from proxmox_mpc.interfaces.cli._progress import Show
    from proxmox_mpc.interfaces.cli._run import within
    from proxmox_mpc.interfaces.cli._settle import settle_first

    if chosen["output"] not in ("text", "json"):
        raise UsageError(f"there is no output {chosen['output']!r} here", hint="known: text, json")

    async def work(session: Session) -> GuestsResult:
        if not request.dry_run:
            await settle_first(session, patient=False)
        result: GuestsResult = await action(session, request)
        if result.dry_run or not result.asks:
            return result
        if not chosen["yes"] or chosen["output"] == "text":
            click.echo(proposal(result), err=chosen["output"] == "json")
        confirm(f"{_phrase(result)} {_count(_of(result, 'planned'))} on {result.context}?", chosen["yes"])
        done: GuestsResult = await action(session, request.model_copy(update={"agreed": result.hash}))
        return done

    with Show() as bars:
        result = within(work, context=chosen["context"], report=None if quiet else bars)
    return result


def proposal(result: GuestsResult) -> str:
    """What would be done, guest by guest."""
    from proxmox_mpc.interfaces.cli import _output

    if not result.items:
        return "No guest matches."
    head = f"{click.style(_phrase(result), bold=True)} on {click.style(result.context, bold=True)}:"
    rows = [[_name(item), item.vmid, item.node, _would(item)] for item in result.items]
    lines = [head, "", _output.table(["GUEST", "VMID", "NODE", "WHAT"], rows[:SHOWN], [False, True, False, False])]
    if len(rows) > SHOWN:
        lines.append(f"… and {len(rows) - SHOWN} more")
    lines += warnings(result)
    planned, bad, rest = (_of(result, status) for status in ("planned", "failed", "skipped"))
    counts = [f"To do: {_count(planned)}"] if planned else ["Nothing to do"]
    counts += [f"{len(rest)} left alone"] if rest else []
    counts += [f"{len(bad)} cannot be"] if bad else []
    return "\n".join([*lines, "", ", ".join(counts) + "."])


def _would(item: GuestView) -> str:
    if item.error:
        return click.style(item.error, fg="red") + (f" ({item.hint})" if item.hint else "")
    if item.note:
        return click.style(item.note, fg="bright_black")
    return f"{item.does}: {click.style(item.loses, fg='yellow')}" if item.loses else item.does


def warnings(result: GuestsResult) -> list[str]:
    return [
        f"{click.style('warning:', fg='yellow')} {_name(item)}: {warning}"
        for item in result.items
        for warning in item.warnings
    ]


def summary(
    result: GuestsResult, retry: Callable[[Sequence[GuestView]], list[str]], alike: Callable[[GuestView], str]
) -> str:
    """How it went: what was done, left alone, and failed, and what tries only that again: a command for those alike."""
    done, rest, bad = _of(result, "done"), _of(result, "skipped"), _of(result, "failed", "untried")
    if not result.items:
        return "No guest matches."
    lines = warnings(result)
    if rest and len(rest) <= SHOWN:
        lines += [f"- {_name(item)} {item.note}" for item in rest]
    if bad:
        lines.append(problems(result, bad))
    if done or bad:
        counts = [f"{len(done)} of {len(result.items)} done"]
        counts += [f"{len(rest)} left alone"] if rest else []
        counts += [click.style(f"{len(bad)} failed", fg="red", bold=True)] if bad else []
        lines.append(f"{click.style('✗' if bad else '✓', fg='red' if bad else 'green')} {', '.join(counts)}")
    if bad and (done or rest or any(item.seconds for item in bad)):
        for word in dict.fromkeys(map(alike, bad)):
            command = again(retry([item for item in bad if alike(item) == word]))
            lines.append(f"  {click.style('→', fg='cyan')} only these again: {command}")
    return "\n".join(lines)


def problems(result: GuestsResult, bad: Sequence[GuestView]) -> str:
    """What went wrong, guest by guest, and what to do."""
    lines = []
    for item in bad:
        lines.append(f"{click.style('error:', fg='red', bold=True)} {_named(item, item.error or item.note)}")
        lines += [f"  {click.style('→', fg='cyan')} {item.hint}"] if item.hint else []
    return "\n".join(lines)


def guests_again(items: Sequence[GuestView]) -> list[str]:
    """These guests, as words."""
    from proxmox_mpc.kinds import find_kind

    return [f"{find_kind(item.kind).short[0]}/{item.word}" for item in items]


def again(words: Sequence[str]) -> str:
    """The command as it was typed, with these words in the place of those that chose."""
    context = click.get_current_context()
    words = [*context.command_path.split(), *words]
    for parameter in context.command.params:
        value, source = context.params.get(parameter.name or ""), context.get_parameter_source(parameter.name or "")
        is_word = isinstance(parameter, click.Argument)
        if is_word or parameter.name in CHOOSING or source is not ParameterSource.COMMANDLINE:
            continue
        if isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[-1])
        else:
            words += [
                w for one in (value if isinstance(value, tuple) else [value]) for w in (parameter.opts[-1], str(one))
            ]
    return shlex.join(words)


def _of(result: GuestsResult, *statuses: str) -> list[GuestView]:
    return [item for item in result.items if item.status in statuses]


def _count(items: Sequence[GuestView]) -> str:
    return _name(items[0]) if len(items) == 1 else f"{len(items)} guests"


def _name(item: GuestView) -> str:
    return f"{item.namespace}/{item.name}" if item.namespace not in ("", "default") else item.name


def _named(item: GuestView, text: str) -> str:
    """A sentence about a guest: some begin with its verb."""
    return (
        f"{_name(item)} {text}"
        if text.startswith(("is ", "does ", "has ", "cannot ", "stays", "would "))
        else f"{_name(item)}: {text}"
    )


_PHRASES = {
    "shutdown": "Shut down",
    "rollback": "Roll back",
    "snapshot delete": "Delete the snapshot of",
    "template": "Make a template of",
    "snapshot": "Take a snapshot of",
    "backup": "Back up",
    "drain": "Move away",
    "uncordon": "Bring back",
}
"""Verbs whose question is not their name."""


def _phrase(result: GuestsResult) -> str:
    return _PHRASES.get(result.verb, result.verb.capitalize())
