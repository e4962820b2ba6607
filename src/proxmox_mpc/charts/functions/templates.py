"""Helm's functions that render other templates, end the rendering, or ask the cluster (pkg/engine, Helm 4.2.3)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from proxmox_mpc.charts.language.compiler import NO_VALUE
from proxmox_mpc.charts.language.cursor import ParseError
from proxmox_mpc.charts.language.function import Functions, GoError, TooMuch
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.language.state import State
from proxmox_mpc.charts.language.template import Template, add, templates_of

TEMPLATES = Functions()

# The name of Helm's root template, which a text that `tpl` renders bears in errors.
ROOT = "gotpl"

# A message of `fail` or `required` stands between these, so that it is found again in the error around it.
ERROR_START, ERROR_END = "HELM_ERR_START", "HELM_ERR_END"

# Helm refuses the 1,001st inclusion of one template within itself.
_MAX_RECURSION = 1000

# Helm has no limit for `tpl` within `tpl`, and crashes on one that calls itself; charts nest it two or three deep.
_MAX_TPL = 100


@TEMPLATES.function("include", takes="string, interface {}", state=True)
def include(state: State, name: str, data: Any) -> str:
    """What a named template writes on a value."""
    template: Template | None = state.templates.get(name)
    if template is None:
        raise GoError(f"template: no template {quote(name)} associated with template {quote(ROOT)}")
    entered = state.included.get(name, 0)
    if entered > _MAX_RECURSION or state.depth >= state.budget.depth:
        raise GoError(f"rendering template has a nested reference name: {name}: unable to execute template")
    state.included[name] = entered + 1
    state.depth += 1
    text = template.text(state, data)
    state.depth -= 1
    state.included[name] = entered
    return text


@lru_cache(maxsize=2048)
def _parsed(text: str, functions: Any) -> dict[str, Template]:
    return templates_of(ROOT, text, functions.table)


class _Same:
    """A table of functions as a key of the cache: by identity."""

    __slots__ = ("table",)

    def __init__(self, table: Any) -> None:
        self.table = table

    def __hash__(self) -> int:
        return id(self.table)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.table is self.table


@TEMPLATES.function("tpl", takes="string, interface {}", state=True)
def tpl(state: State, text: str, values: Any) -> str:
    """A text rendered as a template; what it defines is known to itself only."""
    if "{{" not in text:
        return text.replace(NO_VALUE, "")
    try:
        new = _parsed(text, _Same(state.functions))
    except ParseError as error:
        raise GoError(f"cannot parse template {quote(text)}: {error}") from error
    nested = state.included.get(ROOT, 0)
    if nested >= _MAX_TPL or state.depth >= state.budget.depth:
        raise TooMuch("tpl renders texts that call tpl too deeply")
    state.included[ROOT] = nested + 1
    outer = state.templates
    state.templates = inner = dict(outer)
    add(inner, state.files, new, ROOT)
    state.depth += 1
    try:
        rendered = new[""].text(state, values)
    except GoError as error:
        raise _rewrapped(text, error) from error
    finally:
        state.templates = outer
    state.depth -= 1
    state.included[ROOT] = nested
    return rendered.replace(NO_VALUE, "")


def _rewrapped(text: str, error: GoError) -> GoError:
    """An error in a text that was rendered; of what is too much the place is where `tpl` stands."""
    if isinstance(error, TooMuch):
        return TooMuch(getattr(error, "message", str(error)))
    return GoError(f"error during tpl function execution for {quote(text)}: {error}")


@TEMPLATES.function("required", takes="string, interface {}", state=True)
def required(state: State, message: str, value: Any) -> Any:
    """The value; an error with the message when it is missing or an empty string."""
    if value is None or (type(value) is str and not value):
        if state.environment.lenient is not None:
            state.environment.lenient(message)
            return ""
        raise GoError(f"{ERROR_START}{message}{ERROR_END}")
    return value


@TEMPLATES.function("fail", takes="string", state=True)
def fail(state: State, message: str) -> str:
    """End the rendering with a message."""
    if state.environment.lenient is not None:
        state.environment.lenient(message)
        return ""
    raise GoError(f"{ERROR_START}{message}{ERROR_END}")


@TEMPLATES.function("lookup", takes="string, string, string, string", state=True)
def lookup(state: State, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
    """An object of the cluster, or a list of them without a name; empty when there is none or no cluster."""
    return state.environment.lookup(api_version, kind, namespace, name)


@TEMPLATES.function("getHostByName", takes="string")
def get_host_by_name(name: str) -> str:
    """Nothing: templates may not ask the network, which is Helm's default too."""
    return ""
