"""Functions on semantic versions, and the value that `semver` gives templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from proxmox_mpc.charts.functions.lists import NIL_POINTER
from proxmox_mpc.charts.functions.versions import Constraint, Version
from proxmox_mpc.charts.language.function import Function, Functions, GoError
from proxmox_mpc.charts.language.go_types import Struct, Uint64

VERSION_FUNCTIONS = Functions()
_VALUE_METHODS = Functions()
_POINTER_METHODS = Functions()


class SemverValue(Struct):
    """Go's semver.Version, as `.IncMinor` returns it: only methods that change nothing can be called on it."""

    __slots__ = ("version",)
    go_type: ClassVar[str] = "semver.Version"
    methods: ClassVar[Mapping[str, Function]] = _VALUE_METHODS

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version

    def json_form(self) -> str:
        return str(self.version)

    def __str__(self) -> str:
        return str(self.version)


class Semver(SemverValue):
    """Go's *semver.Version, as `semver` returns it."""

    __slots__ = ()
    go_type = "*semver.Version"
    methods = _POINTER_METHODS


@VERSION_FUNCTIONS.function("semver", takes="string")
def semver(text: str) -> Semver:
    return Semver(Version.parse(text))


@VERSION_FUNCTIONS.function("semverCompare", takes="string, string")
def semver_compare(constraint: str, text: str) -> bool:
    wanted = Constraint.parse(constraint)
    return wanted.allows(Version.parse(text))


@_VALUE_METHODS.function("Major")
def _major(value: SemverValue) -> Uint64:
    return Uint64(value.version.major)


@_VALUE_METHODS.function("Minor")
def _minor(value: SemverValue) -> Uint64:
    return Uint64(value.version.minor)


@_VALUE_METHODS.function("Patch")
def _patch(value: SemverValue) -> Uint64:
    return Uint64(value.version.patch)


@_VALUE_METHODS.function("Prerelease")
def _prerelease(value: SemverValue) -> str:
    return value.version.prerelease


@_VALUE_METHODS.function("Metadata")
def _metadata(value: SemverValue) -> str:
    return value.version.metadata


@_VALUE_METHODS.function("String")
def _string(value: SemverValue) -> str:
    return str(value.version)


@_VALUE_METHODS.function("MarshalText")
def _marshal_text(value: SemverValue) -> bytes:
    return str(value.version).encode()


@_VALUE_METHODS.function("MarshalJSON")
def _marshal_json(value: SemverValue) -> bytes:
    return f'"{value.version}"'.encode()


@_VALUE_METHODS.function("IncPatch")
def _next_patch(value: SemverValue) -> SemverValue:
    """The next patch; of a version before its release the release itself."""
    version = value.version
    patch = version.patch if version.prerelease else version.patch + 1
    return _released(version, version.major, version.minor, patch)


@_VALUE_METHODS.function("IncMinor")
def _next_minor(value: SemverValue) -> SemverValue:
    return _released(value.version, value.version.major, value.version.minor + 1, 0)


@_VALUE_METHODS.function("IncMajor")
def _next_major(value: SemverValue) -> SemverValue:
    return _released(value.version, value.version.major + 1, 0, 0)


def _released(before: Version, major: int, minor: int, patch: int) -> SemverValue:
    return _named(before, Version(major, minor, patch, "", "", ""))


def _named(before: Version, version: Version) -> SemverValue:
    prefix = "v" if before.original.startswith("v") else ""
    return SemverValue(replace(version, original=f"{prefix}{version}"))


@_VALUE_METHODS.function("SetPrerelease", takes="string")
def _set_prerelease(value: SemverValue, text: str) -> SemverValue:
    for identifier in text.split(".") if text else ():
        if not re.fullmatch(r"[0-9A-Za-z-]*", identifier):
            raise GoError("invalid prerelease string")
        if len(identifier) > 1 and identifier[0] == "0" and identifier.isdigit():
            raise GoError("version segment starts with 0")
    return _named(value.version, replace(value.version, prerelease=text))


@_VALUE_METHODS.function("SetMetadata", takes="string")
def _set_metadata(value: SemverValue, text: str) -> SemverValue:
    if not re.fullmatch(r"[0-9A-Za-z.-]*", text):
        raise GoError("invalid metadata string")
    return _named(value.version, replace(value.version, metadata=text))


_POINTER_METHODS.update(_VALUE_METHODS)


@_POINTER_METHODS.function("Original")
def _original(value: Semver) -> str:
    return value.version.original


@_POINTER_METHODS.function("Compare", takes="*semver.Version")
def _compare(value: Semver, other: Semver | None) -> int:
    if other is None:
        raise GoError(NIL_POINTER)
    return (value.version > other.version) - (value.version < other.version)


@_POINTER_METHODS.function("Equal", takes="*semver.Version")
def _equal(value: Semver, other: Semver | None) -> bool:
    return other is not None and _compare(value, other) == 0


@_POINTER_METHODS.function("LessThan", takes="*semver.Version")
def _less(value: Semver, other: Semver | None) -> bool:
    return _compare(value, other) < 0


@_POINTER_METHODS.function("LessThanEqual", takes="*semver.Version")
def _less_or_equal(value: Semver, other: Semver | None) -> bool:
    return _compare(value, other) <= 0


@_POINTER_METHODS.function("GreaterThan", takes="*semver.Version")
def _greater(value: Semver, other: Semver | None) -> bool:
    return _compare(value, other) > 0


@_POINTER_METHODS.function("GreaterThanEqual", takes="*semver.Version")
def _greater_or_equal(value: Semver, other: Semver | None) -> bool:
    return _compare(value, other) >= 0
