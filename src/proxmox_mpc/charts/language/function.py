"""A function that templates may call, with the Go types of its parameters.

    @strings.function("trunc", takes="int, string")
    def trunc(length: int, text: str) -> str: ...

The types decide what the evaluator lets through (`wrong type for value; expected string; got float64`), so a
function's body may rely on them: `interface {}` is anything, `...` before the last type makes it variadic. An error
that is raised as `GoError` is the error that the Go function would have returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar


class GoError(Exception):
    """The error that a template function returns; its text is Go's."""


@dataclass(frozen=True, slots=True)
class Function:
    """`parameters` are Go types; of a variadic function the last one is its elements' type.

    A function with `state` gets the evaluator's `State` before its arguments: it reads the clock, random numbers,
    the chart's files, or renders other templates.
    """

    name: str
    parameters: tuple[str, ...]
    variadic: bool
    call: Callable[..., Any]
    state: bool = False


Body = TypeVar("Body", bound=Callable[..., Any])


class Functions(dict[str, Function]):
    """Functions by name. Each module of `charts/functions/` fills one."""

    def function(self, *names: str, takes: str = "", state: bool = False) -> Callable[[Body], Body]:
        """Declare a function under one or more names; `takes` lists its parameters' Go types: `"int, string"`."""
        types = [part.strip() for part in takes.split(",")] if takes else []
        variadic = bool(types) and types[-1].startswith("...")
        if variadic:
            types[-1] = types[-1][3:]

        def declare(body: Body) -> Body:
            for name in names:
                self[name] = Function(name, tuple(types), variadic, body, state)
            return body

        return declare


def together(parts: Iterable[Functions]) -> Functions:
    """One table out of many; a name that is there twice is an error of ours."""
    whole = Functions()
    for part in parts:
        for name, known in part.items():
            if name in whole:
                raise ValueError(f"the template function {name} is declared twice")
            whole[name] = known
    return whole


# One value of a template: Helm's biggest charts render to about 1 MiB, and a Secret may hold as much. What is bigger
# is a mistake or an attack (`repeat 1000000000 "x"`), and is refused before any memory is taken for it.
MAX_RESULT = 32 * 1024 * 1024


# Of a list; each takes eight bytes and what it is itself.
_MOST_ELEMENTS = MAX_RESULT // 32


class TooMuch(GoError):
    """A template wants more than a chart may have: output, time or depth."""


def affordable(size: int) -> int:
    """`size` (characters or elements) of what a function is about to make; raises TooMuch above MAX_RESULT."""
    if size > MAX_RESULT:
        raise TooMuch(f"a result of {size} is more than a template may make ({MAX_RESULT})")
    return size


def weighed(result: Any) -> Any:
    """What a function made, unless it is too much: so nothing can double in a loop, whichever function it passes."""
    kind = type(result)
    if (kind is str and len(result) > MAX_RESULT) or (kind is list and len(result) > _MOST_ELEMENTS):
        raise TooMuch(f"a result of {len(result)} is more than a template may make")
    return result
