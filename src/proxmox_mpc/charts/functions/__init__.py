"""The functions that templates may call: Sprig's that Helm exposes, and Helm's own. One file a topic."""

from __future__ import annotations

from importlib import import_module

from proxmox_mpc.charts.language.function import Function, Functions, together

# The topics' modules, the ones that charts use most first. Each has a table of its own name: `texts.TEXTS`.
_TOPICS = (
    "texts",
    "defaults",
    "dicts",
    "documents",
    "lists",
    "numbers",
    "reflection",
    "letters",
    "checksums",
    "regexes",
    "version_functions",
    "paths",
    "random_text",
    "dates",
    "floats",
    "naming",
    "wrapping",
    "passwords",
    "urls",
    "certificates",
)


class Vocabulary(Functions):
    """Functions by name, of which a topic is imported when first a name is sought that the ones before do not have.

    So a chart that only quotes and indents starts without certificates and calendars.
    """

    def __init__(self, known: Functions) -> None:
        super().__init__(known)
        self._imported: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or self._is_found(name)

    def __missing__(self, name: str) -> Function:
        if self._is_found(name):
            return self[name]
        raise KeyError(name)

    def _is_found(self, name: object) -> bool:
        for topic in _TOPICS:
            if topic not in self._imported:
                self.update(_topic(topic))
                self._imported.add(topic)
                if super().__contains__(name):
                    return True
        return super().__contains__(name)


def _topic(name: str) -> Functions:
    table: Functions = getattr(import_module(f"{__name__}.{name}"), name.upper())
    return table


def every_function() -> Functions:
    """All of them, imported; raises ValueError when two topics have the same name."""
    return together(map(_topic, _TOPICS))
