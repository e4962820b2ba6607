"""Semantic versions and ranges of them, as Masterminds/semver 3 reads them for Helm 4.2.3."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import total_ordering

from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.quoting import quote

_VERSION = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_PARTS = (
    r"v?([0-9|xX*]+)(\.[0-9|xX*]+)?(\.[0-9|xX*]+)?"
    r"(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_ONE = re.compile(rf"(=>|=<|>=|<=|!=|~>|[=><~^]?)[ \t\n\f\r]*{_PARTS}", re.ASCII)
_SPAN = re.compile(rf"\s*({_PARTS})\s+-\s+({_PARTS})\s*", re.ASCII)
_GAP = re.compile(r"[ \t\n\f\r]*(,?)[ \t\n\f\r]*", re.ASCII)
_LARGEST = (1 << 64) - 1
# Nobody writes ranges this long, and finding `1 - 2` in them takes quadratic time.
_LONGEST_RANGE = 4096
# Masterminds/semver refuses longer versions (Helm 4.2.3).
LONGEST = 256


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version; the metadata after `+` does not count when versions are compared."""

    major: int
    minor: int
    patch: int
    prerelease: str
    metadata: str
    original: str

    @classmethod
    def parse(cls, text: str) -> Version:
        """A version from a text, a `v` before it and missing parts allowed. Raises GoError."""
        if len(text) > LONGEST:
            raise GoError(f"version string is too long (max {LONGEST} bytes)")
        found = _VERSION.fullmatch(text)
        if not found:
            raise GoError("invalid semantic version")
        numbers: list[int] = []
        for digits in found.group(1, 2, 3):
            if digits and (len(digits) > 4000 or int(digits) > _LARGEST):
                raise GoError(
                    f"error parsing version segment: strconv.ParseUint: parsing {quote(digits)}: value out of range"
                )
            numbers.append(int(digits or 0))
        prerelease = found[4] or ""
        if any(part.isdecimal() and len(part) > 1 and part[0] == "0" for part in prerelease.split(".")):
            raise GoError("version segment starts with 0")
        major, minor, patch = numbers
        return cls(major, minor, patch, prerelease, found[5] or "", text)

    @property
    def order(self) -> tuple[object, ...]:
        """What versions are sorted by: numbers of a prerelease stand before words, and a release after all of them."""
        parts = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in self.prerelease.split(".")]
        return self.major, self.minor, self.patch, not self.prerelease, parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self.order == other.order

    def __lt__(self, other: Version) -> bool:
        return self.order < other.order

    def __hash__(self) -> int:
        return hash((self.major, self.minor, self.patch, self.prerelease))

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}.{self.patch}"
        text += f"-{self.prerelease}" if self.prerelease else ""
        return text + (f"+{self.metadata}" if self.metadata else "")


@dataclass(frozen=True, slots=True)
class _Bound:
    """One comparison. `dirty` names the first part that was left open: "major", "minor", "patch", or ""."""

    compare: Callable[[Version, _Bound], bool]
    version: Version
    dirty: str


@dataclass(frozen=True, slots=True)
class Constraint:
    """A range of versions: `>=1.2, <3 || ^5`."""

    ranges: tuple[tuple[_Bound, ...], ...]

    @classmethod
    def parse(cls, text: str) -> Constraint:
        """A range from a text. Raises GoError."""
        if len(text) > _LONGEST_RANGE:
            raise GoError("improper constraint: it is too long")
        spelt = _SPAN.sub(lambda found: f">= {found[1]}, <= {found[6]} ", text)
        return cls(tuple(_bounds(part) for part in spelt.split("||")))

    def allows(self, version: Version) -> bool:
        return any(_within(version, bounds) for bounds in self.ranges)


def _within(version: Version, bounds: tuple[_Bound, ...]) -> bool:
    """A prerelease is only within bounds of which at least one names a prerelease."""
    if version.prerelease and not any(bound.version.prerelease for bound in bounds):
        return False
    return all(bound.compare(version, bound) for bound in bounds)


def _bounds(text: str) -> tuple[_Bound, ...]:
    bounds = []
    place = len(text) - len(text.lstrip(" \t\n\f\r"))
    while True:
        found = _ONE.match(text, place)
        if not found:
            raise GoError(f"improper constraint: {quote(text)}")
        bounds.append(found)
        gap = _GAP.match(text, found.end())
        place = gap.end() if gap else found.end()
        if place == len(text) and not (gap and gap[1]):
            return tuple(map(_bound, bounds))
        if place == found.end():
            raise GoError(f"improper constraint: {quote(text)}")


def _bound(found: re.Match[str]) -> _Bound:
    operator, major, minor, patch, prerelease = found.groups()
    opened = {None, ".x", ".X", ".*"}
    if major in ("x", "X", "*"):
        text, dirty = "0.0.0", "major"
    elif minor in opened:
        text, dirty = f"{major}.0.0", "minor"
    elif patch in opened:
        text, dirty = f"{major}{minor}.0", "patch"
    else:
        text, dirty = f"{major}{minor}{patch}", ""
    try:
        version = Version.parse(text + (prerelease or ""))
    except GoError:
        raise GoError("constraint parser error") from None
    return _Bound(_COMPARISONS[operator], version, dirty)


def _equals(version: Version, bound: _Bound) -> bool:
    return _near(version, bound) if bound.dirty else version == bound.version


def _differs(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if not bound.dirty:
        return version != wanted
    if version.major != wanted.major:
        return True
    if bound.dirty == "minor":
        return False
    if version.minor != wanted.minor:
        return True
    if bound.dirty == "patch":
        return version.prerelease != wanted.prerelease
    return version != wanted


def _above(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if bound.dirty in ("", "major") or version.major != wanted.major:
        return version > wanted if bound.dirty in ("", "major") else version.major > wanted.major
    return bound.dirty == "patch" and version.minor > wanted.minor


def _below(version: Version, bound: _Bound) -> bool:
    return version < bound.version


def _at_least(version: Version, bound: _Bound) -> bool:
    return version >= bound.version


def _at_most(version: Version, bound: _Bound) -> bool:
    wanted = bound.version
    if not bound.dirty:
        return version <= wanted
    if version.major != wanted.major:
        return version.major < wanted.major
    return bound.dirty == "minor" or version.minor <= wanted.minor


def _near(version: Version, bound: _Bound) -> bool:
    """`~1.2`: the same minor version; `~1`: the same major one."""
    wanted = bound.version
    if version < wanted:
        return False
    if (wanted.major, wanted.minor, wanted.patch) == (0, 0, 0) and bound.dirty in ("", "major"):
        return True
    return version.major == wanted.major and (bound.dirty == "minor" or version.minor == wanted.minor)


def _compatible(version: Version, bound: _Bound) -> bool:
    """`^1.2`: the same first number that is not zero."""
    wanted = bound.version
    if version < wanted:
        return False
    if wanted.major > 0 or bound.dirty == "minor" or version.major > 0:
        return version.major == wanted.major
    if wanted.minor > 0 or bound.dirty == "patch" or version.minor > 0:
        return version.minor == wanted.minor
    return version.patch == wanted.patch


_COMPARISONS: dict[str, Callable[[Version, _Bound], bool]] = {
    "": _equals,
    "=": _equals,
    "!=": _differs,
    ">": _above,
    "<": _below,
    ">=": _at_least,
    "=>": _at_least,
    "<=": _at_most,
    "=<": _at_most,
    "~": _near,
    "~>": _near,
    "^": _compatible,
}
