"""The API's methods, compiled once per version from the facts table, and found by path."""

from __future__ import annotations

import functools
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from proxmox_mpc.simulator import _registry
from proxmox_mpc.simulator._validate import Parameters, TypeTable


@dataclass(frozen=True)
class Method:
    """One verb of one path, with all that the pipeline needs to know about it."""

    verb: str
    path: str
    parameters: Parameters
    permissions: Mapping[str, Any] | None
    proxied: bool
    token_allowed: bool
    returns: Mapping[str, Any]
    answer: _registry.Answer | None

    @property
    def is_open(self) -> bool:
        """May be called without a login."""
        return bool(self.permissions) and (self.permissions or {}).get("user") == "world"


class _Place:
    """A node of the path tree: fixed children by name, at most one variable child."""

    __slots__ = ("children", "methods", "name", "path", "variable")

    def __init__(self, path: str) -> None:
        self.path = path
        self.children: dict[str, _Place] = {}
        self.variable: _Place | None = None
        self.name = ""
        self.methods: dict[str, Method] = {}

    def step(self, part: str) -> _Place:
        path = f"{self.path}/{part}"
        if part.startswith("{"):
            if self.variable is None:
                self.variable = _Place(path)
                self.variable.name = part[1:-1]
            return self.variable
        return self.children.setdefault(part, _Place(path))


# The rest of the path belongs to these variables, slashes and all: volume names and networks contain them.
_GREEDY = frozenset({"volume", "cidr"})


class Routes:
    """All methods of one PVE version."""

    def __init__(self, version: str) -> None:
        facts = json.loads(files("proxmox_mpc.api_facts").joinpath(f"pve-{version}.json").read_text())
        self.version = version
        self.types = TypeTable(facts["types"])
        # The schema does not list its own root.
        root = {"/": {"GET": {"params": {}, "permissions": {"user": "all"}}}}
        self._facts: dict[str, dict[str, Any]] = root | facts["methods"]
        self._root = _Place("")
        for path in self._facts:
            place = self._root
            for part in path.strip("/").split("/"):
                place = place.step(part) if part else place

    @property
    def paths(self) -> Mapping[str, Collection[str]]:
        """The verbs of every path, both as the facts spell them."""
        return self._facts

    def find(self, verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
        """The method and the path's variables, or None where PVE says 501. Empty path parts do not count."""
        place, variables = self._root, dict[str, str]()
        parts = [part for part in path.split("/") if part]
        for index, part in enumerate(parts):
            if (child := place.children.get(part)) is not None:
                place = child
            elif (child := place.variable) is not None:
                place = child
                if child.name in _GREEDY:
                    variables[child.name] = "/".join(parts[index:])
                    break
                variables[child.name] = part
            else:
                return None
        method = place.methods.get(verb) or self._compile(verb, place)
        return (method, variables) if method else None

    def method(self, verb: str, path: str) -> Method:
        """The method under a path spelled as the facts spell it."""
        place = self._root
        for part in path.strip("/").split("/"):
            place = place.step(part) if part else place
        method = place.methods.get(verb) or self._compile(verb, place)
        if method is None:
            raise KeyError(f"{verb} {path}")
        return method

    def children(self, path: str) -> list[str]:
        """Names of the fixed children of a path: what an index lists."""
        place = self._root
        for part in path.strip("/").split("/"):
            place = place.step(part) if part else place
        return list(place.children)

    def _compile(self, verb: str, place: _Place) -> Method | None:
        path = place.path or "/"
        facts = self._facts.get(path, {}).get(verb)
        if facts is None:
            return None
        method = Method(
            verb=verb,
            path=path,
            parameters=self.types.parameters(facts["params"], bool(facts.get("additional"))),
            permissions=facts.get("permissions"),
            proxied=facts.get("proxyto") == "node" or (path.startswith("/nodes/{node}/") and "proxyto" in facts),
            token_allowed=facts.get("allowtoken", 1) != 0,
            returns=self.types.facts[facts["returns"]] if "returns" in facts else {},
            answer=_registry.answer_for(verb, path),
        )
        place.methods[verb] = method
        return method


@functools.cache
def routes(version: str) -> Routes:
    """The routes of a version, made once per process (methods compile on first use)."""
    return Routes(version)
