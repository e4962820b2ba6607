"""Render a set of template files as Helm's engine does (pkg/engine/engine.go, Helm 4.2.3), with its errors."""

from __future__ import annotations

import posixpath
import re
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from proxmox_mpc.charts.functions.templates import ERROR_END, ERROR_START, TEMPLATES
from proxmox_mpc.charts.language.compiler import NO_VALUE
from proxmox_mpc.charts.language.function import Functions, GoError, together
from proxmox_mpc.charts.language.go_types import Values
from proxmox_mpc.charts.language.parser import ParseError
from proxmox_mpc.charts.language.state import Budget, Environment, ExecError, State
from proxmox_mpc.charts.language.template import Template, add, templates_of

# An include takes about ten of Python's frames, and Helm allows a thousand of them in each other.
_RECURSION_LIMIT = 20_000
_STACK_BYTES = 256 * 1024 * 1024


class RenderError(Exception):
    """A chart that cannot be rendered; `str()` is Helm's text.

    `file`, `line` (from 1) and `column` (bytes from 0, None where Helm knows none) are where.
    """

    def __init__(self, message: str, file: str = "", line: int = 0, column: int | None = None) -> None:
        super().__init__(message)
        self.file, self.line, self.column = file, line, column


@dataclass(frozen=True, slots=True)
class Source:
    """A template file: its text and the value that `.` is when it is rendered, which files of a chart share."""

    text: str
    dot: dict[str, Any]
    base_path: str


@cache
def vocabulary() -> Functions:
    """All functions that a template may call."""
    from proxmox_mpc.charts.functions import functions
    from proxmox_mpc.charts.language.builtins import BUILTINS

    return together([BUILTINS, functions(), TEMPLATES])


@lru_cache(maxsize=4096)
def _templates(name: str, text: str) -> dict[str, Template]:
    return templates_of(name, text, vocabulary())


def render(
    sources: Mapping[str, Source], environment: Environment | None = None, budget: Budget | None = None
) -> dict[str, str]:
    """Each file's text by its name; partials (`_*`) are not rendered. Raises RenderError."""
    return _deep(lambda: _render(sources, environment or Environment(), budget or Budget()))


def _deep(work: Callable[[], dict[str, str]]) -> dict[str, str]:
    """Do it where there is stack enough for templates that call each other a thousand times."""
    results: list[dict[str, str]] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            failures.append(error)

    if sys.getrecursionlimit() < _RECURSION_LIMIT:
        sys.setrecursionlimit(_RECURSION_LIMIT)
    before = threading.stack_size(_STACK_BYTES)
    try:
        thread = threading.Thread(target=run, name="chart", daemon=True)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _order(name: str) -> tuple[int, str]:
    return name.count("/"), name


def _render(sources: Mapping[str, Source], environment: Environment, budget: Budget) -> dict[str, str]:
    templates: dict[str, Template] = {}
    # Deeper files first, so that a chart's own definitions take the place of its sub-charts'.
    names = sorted(sources, key=_order, reverse=True)
    for name in names:
        try:
            add(templates, _templates(name, sources[name].text))
        except ParseError as error:
            raise _parse_error(error) from error
    state = State(templates, vocabulary(), environment, budget)
    rendered: dict[str, str] = {}
    for name in names:
        if posixpath.basename(name).startswith("_"):
            continue
        source = sources[name]
        source.dot["Template"] = Values({"Name": name, "BasePath": source.base_path})
        try:
            text = templates[name].text(state, source.dot)
        except ExecError as error:
            raise _exec_error(error) from error
        except GoError as error:
            raise RenderError(f"{name}: {error}", name) from error
        except (RecursionError, MemoryError) as error:
            raise RenderError(f"{name}: the templates nest deeper, or take more memory, than they may", name) from error
        rendered[name] = text.replace(NO_VALUE, "")
        state.spent += len(text)
    return rendered


def _parse_error(error: ParseError) -> RenderError:
    """Helm keeps the place and the last part of Go's chain of messages."""
    parts = str(error).split(": ")
    return RenderError(f"parse error at ({parts[1]}): {parts[-1]}", error.file, error.line)


_MARKED = re.compile(f"{ERROR_START}(.*){ERROR_END}", re.DOTALL)


def _exec_error(error: ExecError) -> RenderError:
    """Helm's text of an error: that of `fail` and `required` alone, else one paragraph for each template on the way."""
    text = str(error)
    where = f"{error.file}:{error.line}:{error.column}"
    marked = _MARKED.search(text)
    if marked is not None:
        message = f"execution error at ({where}): {marked.group(1)}"
        return RenderError(message, error.file, error.line, error.column)
    traces: list[str] = []
    current: BaseException | None = error
    while current is not None:
        trace = _trace(str(current))
        if trace is None:
            return RenderError(text, error.file, error.line, error.column)
        if not traces or traces[-1] != trace:
            traces.append(trace)
        current = current.cause if isinstance(current, ExecError) else None
    return RenderError("".join(traces).strip(), error.file, error.line, error.column)


def _trace(text: str) -> str | None:
    """One error of the chain as a paragraph, or None when Helm cannot read it."""
    if not text.startswith("template: "):
        return None
    rest = text.removeprefix("template: ")
    if rest.startswith("no template "):
        return f"{text}\n"
    location, found, after = rest.partition(": executing ")
    if not found:
        location, found, message = rest.partition(": ")
        return f"{location}\n  {message}\n" if found else None
    function, found, message = after.partition(">: ")
    if not found:
        return None
    # What an inner template says follows in its own paragraph.
    message = message.split(" template:")[0].rstrip()
    return f"{location}\n  executing {function}>:\n    {message}\n"
