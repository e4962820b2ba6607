"""Render a set of template files as Helm's engine does (pkg/engine/engine.go, Helm 4.2.3), with its errors."""

from __future__ import annotations

import gc
import posixpath
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from proxmox_mpc.charts.functions.templates import ERROR_END, ERROR_START, TEMPLATES
from proxmox_mpc.charts.language.compiler import NO_VALUE, Placed
from proxmox_mpc.charts.language.cursor import ParseError
from proxmox_mpc.charts.language.function import Functions, GoError, together
from proxmox_mpc.charts.language.go_types import Values
from proxmox_mpc.charts.language.nodes import Text, Unit
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
    from proxmox_mpc.charts.functions import Vocabulary
    from proxmox_mpc.charts.language.builtins import BUILTINS

    return Vocabulary(together([BUILTINS, TEMPLATES]))


# By their text alone: a library's files are the same in every chart that brings it, and several times in some.
_known: dict[str, dict[str, Template]] = {}
_MOST_KNOWN = 4096


def _templates(name: str, text: str) -> dict[str, Template]:
    found = _known.get(text)
    if found is None:
        found = templates_of(name, text, vocabulary())
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[text] = found
    return found


def render(
    sources: Mapping[str, Source], environment: Environment | None = None, budget: Budget | None = None
) -> dict[str, str]:
    """Each file's text by its name; partials (`_*`) are not rendered. Raises RenderError."""
    with _uncollected():
        return _deep(lambda: _render(sources, environment or Environment(), budget or Budget()))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for cycles: parsing makes many objects and no cycles, and takes a tenth less."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def origin(
    sources: Mapping[str, Source], name: str, line: int, column: int, environment: Environment | None = None
) -> tuple[int, int] | None:
    """Line and column (from 1) in a template of what it wrote at a line and column; it is rendered anew for that.

    None where the template writes something else this time (random names, the time) or less than that.
    """
    try:
        pieces = _deep(lambda: _pieces(sources, name, environment or Environment(), Budget()))
    except RenderError:
        return None
    for piece in pieces:
        lines = piece.split("\n")
        if line <= len(lines) and (line < len(lines) or column <= len(lines[-1])):
            return _within(piece, line, column)
        # What is left to go behind this piece: lines, and columns where its last line is the one that is sought.
        column -= len(lines[-1]) if line == len(lines) else 0
        line -= len(lines) - 1
    return None


def _within(piece: str, line: int, column: int) -> tuple[int, int] | None:
    """Where in its template the character of a piece stands: in text to the letter, else the action that wrote it."""
    if not isinstance(piece, Placed):
        return None
    found, bytes_before = piece.tree.place(piece.node)
    if not isinstance(piece.node, Text):
        return found, bytes_before + 1
    return (found, bytes_before + column) if line == 1 else (found + line - 1, column)


def _pieces(sources: Mapping[str, Source], name: str, environment: Environment, budget: Budget) -> list[str]:
    templates, files = _parsed(sources)
    templates[name] = templates_of(name, sources[name].text, vocabulary(), placed=True)[""]
    files[templates[name].tree.unit] = name
    sources[name].dot["Template"] = Values({"Name": name, "BasePath": sources[name].base_path})
    state = State(templates, files, vocabulary(), environment, budget)
    try:
        return [_without_missing(piece) for piece in templates[name].pieces(state, sources[name].dot)]
    except (GoError, RecursionError, MemoryError) as error:
        raise RenderError(str(error), name) from error


def _without_missing(piece: str) -> str:
    return Placed.like(piece, piece.replace(NO_VALUE, "")) if NO_VALUE in piece else piece


T = TypeVar("T")


def _deep(work: Callable[[], T]) -> T:
    """Do it where there is stack enough for templates that call each other a thousand times."""
    results: list[T] = []
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


def _parsed(sources: Mapping[str, Source]) -> tuple[dict[str, Template], dict[Unit, str]]:
    """All templates: deeper files first, so that a chart's own definitions take the place of its sub-charts'."""
    templates: dict[str, Template] = {}
    files: dict[Unit, str] = {}
    for name in sorted(sources, key=_order, reverse=True):
        try:
            add(templates, files, _templates(name, sources[name].text), name)
        except ParseError as error:
            raise _parse_error(error) from error
    return templates, files


def _render(sources: Mapping[str, Source], environment: Environment, budget: Budget) -> dict[str, str]:
    templates, files = _parsed(sources)
    state = State(templates, files, vocabulary(), environment, budget)
    rendered: dict[str, str] = {}
    for name in sorted(sources, key=_order, reverse=True):
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
