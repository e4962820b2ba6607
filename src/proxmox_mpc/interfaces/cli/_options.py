"""Options that several verbs take, spelled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = "table, wide, json, yaml, name, csv, jsonpath=…, custom-columns=…"


def _all(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


context = click.option("--context", default="", help="Context to act on; else the current one.", metavar="NAME")
output = click.option("-o", "--output", default="table", help=f"Output: {FORMATS}.", metavar="FORMAT")
yes = click.option("-y", "--yes", is_flag=True, help="Do not ask.")
files = click.option(
    "-f",
    "--filename",
    "files",
    multiple=True,
    metavar="FILE",
    help="Manifest file, directory, URL, or - for standard input; may be repeated.",
)
recursive = click.option("-R", "--recursive", is_flag=True, help="Directories with all that is below them.")
namespace = click.option("-n", "--namespace", default="", help="Namespace.", metavar="NS")
app = click.option("--app", default="", help="Application; else the file's or folder's name.", metavar="NAME")
allow = click.option(
    "--allow", default="", metavar="IMPACT", help="Highest impact: restart, stop-start, migrate, replace, data-loss."
)
selector = click.option("-l", "--selector", default="", help="Labels: tag, !tag, key=value, key!=value.", metavar="SEL")
max_deletions = click.option(
    "--max-deletions", type=int, metavar="N", help="Delete up to so many objects that no manifest names any more."
)
snapshot: Callable[[F], F] = _all(
    click.option(
        "--snapshot",
        "snapshot",
        flag_value="all",
        default="",
        help="Keep a snapshot of each guest that is changed until that is done.",
    ),
    click.option(
        "--snapshot-where-possible", "snapshot", flag_value="possible", help="The same, where its storage can."
    ),
)
desired: Callable[[F], F] = _all(
    context,
    files,
    recursive,
    namespace,
    app,
    allow,
    click.option("--prune", is_flag=True, help="Delete what the application owns and no manifest names."),
    click.option("--adopt", is_flag=True, help="Take over objects that exist and that nobody owns."),
    max_deletions,
)
