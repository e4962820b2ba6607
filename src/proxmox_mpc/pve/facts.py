"""What the API of a PVE version takes: its methods and their parameters, from `proxmox_mpc.api_facts`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from proxmox_mpc.pve import _check
from proxmox_mpc.pve._check import Parameter, Problem

__all__ = ["Facts", "Method", "Parameter", "Problem"]

# PVE numbers some parameters (`net0`, `net1` …); the tables write them as `net[n]` and do not say how many
# there are: that stands in PVE's code (Drive.pm, QemuServer.pm, LXC/Config.pm, CertHelpers.pm; 8.4 and 9.1
# agree).
_NUMBERED = re.compile(r"([a-z-]+?)(0|[1-9]\d*)")
_SLOTS = {
    "acmedomain": 5, "dev": 256, "hostpci": 16, "ide": 4, "ipconfig": 32, "link": 8, "mp": 256, "net": 32,
    "numa": 8, "parallel": 3, "sata": 6, "scsi": 31, "serial": 4, "unused": 256, "usb": 14, "virtio": 16,
    "virtiofs": 10,
}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One verb of one path: its parameters (numbered ones as `net[n]`), permissions and where it runs.

    `open` methods let unknown parameters through; `permissions` is PVE's own check expression.
    """

    verb: str
    path: str
    name: str
    parameters: Mapping[str, Parameter] = field(repr=False)
    open: bool
    permissions: Mapping[str, Any] = field(repr=False)
    node_bound: bool
    tokens_allowed: bool

    def parameter(self, name: str) -> Parameter | None:
        """The facts of a parameter; `net3` answers those of `net[n]`."""
        known = self.parameters.get(name)
        if known is None and (match := _NUMBERED.fullmatch(name)) and int(match[2]) < _SLOTS.get(match[1], 0):
            known = self.parameters.get(f"{match[1]}[n]")
        return known


class Facts:
    """The API of one PVE version."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.version: str = table["version"]
        self._types: list[Mapping[str, Any]] = table["types"]
        self._methods: Mapping[str, Mapping[str, Any]] = table["methods"]
        self._parameters: dict[int, Parameter] = {}
        self._looked_up: dict[tuple[str, str], Method] = {}

    @staticmethod
    @lru_cache(maxsize=2)  # the two tables that there are
    def load(version: Literal["8.4", "9.1"] | str) -> Facts:
        """The facts of PVE `8.4` or `9.1`."""
        file = resources.files("proxmox_mpc.api_facts") / f"pve-{version}.json"
        return Facts(json.loads(file.read_bytes()))

    def paths(self) -> list[str]:
        """All path templates."""
        return list(self._methods)

    def method(self, verb: str, template: str) -> Method | None:
        """The facts of a verb of a path; None where this version has no such method."""
        key = (verb, template)
        if key not in self._looked_up:
            raw = self._methods.get(template, {}).get(verb)
            if raw is None:
                return None
            self._looked_up[key] = Method(
                verb=verb,
                path=template,
                name=raw["name"],
                parameters={name: self._parameter(index) for name, index in raw["params"].items()},
                open=bool(raw.get("additional")),
                permissions=raw.get("permissions", {}),
                node_bound=raw.get("proxyto") == "node",
                tokens_allowed=raw.get("allowtoken", 1) != 0,
            )
        return self._looked_up[key]

    def verbs(self, template: str) -> list[str]:
        """The verbs that a path takes."""
        return list(self._methods.get(template, {}))

    def parameter(self, verb: str, template: str, name: str) -> Parameter | None:
        """The facts of one parameter of a method: type, default, enum, range, parts of a property string."""
        method = self.method(verb, template)
        return method.parameter(name) if method else None

    def check(self, verb: str, template: str, params: Mapping[str, Any]) -> list[Problem]:
        """Everything that is wrong with a request's parameters, those of the path included.

        Where PVE accepts, this accepts; it refuses only what the table says. Parameters that are None are
        left out of a request, so they are not looked at.
        """
        method = self.method(verb, template)
        if method is None:
            return [Problem("", f"PVE {self.version} has no {verb} {template}")]
        given = {name: value for name, value in params.items() if value is not None}
        problems = []
        for name, value in given.items():
            parameter = method.parameter(name)
            if parameter is None:
                if not method.open:
                    problems.append(_unknown(method, name))
                continue
            problems.extend(_check.value(name, parameter, value))
            if parameter.requires and parameter.requires not in given:
                problems.append(Problem(parameter.requires, f"is missing: {name} needs it"))
        for name, parameter in method.parameters.items():
            if parameter.required and name not in given:
                problems.append(Problem(name, "is missing"))
        return problems

    def _parameter(self, index: int) -> Parameter:
        if index not in self._parameters:
            self._parameters[index] = Parameter.from_type(self._types[index], self._parameter)
        return self._parameters[index]


def _unknown(method: Method, name: str) -> Problem:
    """Why there is no such parameter: its number is too high, or it is mistyped."""
    match = _NUMBERED.fullmatch(name)
    if match and f"{match[1]}[n]" in method.parameters:
        return Problem(name, f"is one too many: there are {match[1]}0 to {match[1]}{_SLOTS[match[1]] - 1}")
    number = match[2] if match else "0"
    return _check.unknown(name, [known.replace("[n]", number) for known in method.parameters])
