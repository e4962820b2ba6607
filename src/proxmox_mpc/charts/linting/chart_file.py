"""Chart.yaml, as Helm 4.2.3 checks it (pkg/chart/v2/lint/rules/chartfile.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from proxmox_mpc.charts.encodings.yaml_reading import read_yaml
from proxmox_mpc.charts.functions.versions import Version
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import type_of
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.linting.findings import Finding, Severity
from proxmox_mpc.charts.metadata import OWN_API, Maintainer, Metadata
from proxmox_mpc.charts.records import read_record

PATH = "Chart.yaml"
_EMAIL = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")
_REQUEST_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)?([^\s/?#]+\.[^\s/?#.]{2,}|localhost)([:/?#]\S*)?")
_STRICT = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)
_V2 = "v2"


def check(text: str) -> Iterator[Finding]:
    """What is wrong with the text of a Chart.yaml."""
    try:
        given = read_yaml(text)
        about = read_record(Metadata, text)
    except GoError as error:
        yield Finding("error", PATH, f"unable to parse YAML\n\t{error}")
        return
    given = given if isinstance(given, dict) else {}
    for severity, message in _problems(about, given):
        yield Finding(severity, PATH, message)


def _problems(about: Metadata, given: Mapping[str, Any]) -> Iterator[tuple[Severity, str]]:
    known = {one.metadata["name"].lower() for one in fields(about)}
    unknown = next((name for name in sorted(given) if name.lower() not in known), None)
    if unknown is not None:
        told = f"error unmarshaling JSON: while decoding JSON: json: unknown field {quote(unknown)}"
        yield "warning", f"failed to strictly parse chart metadata file\n\t{told}"
    if not about.name:
        yield "error", "name is required"
    elif "/" in about.name:
        yield "error", f"chart name {quote(about.name)} is invalid"
    if not about.api_version:
        yield "error", 'apiVersion is required. The value must be either "v1" or "v2"'
    elif about.api_version not in ("v1", _V2, OWN_API):
        yield "error", f'apiVersion \'{about.api_version}\' is not valid. The value must be either "v1" or "v2"'
    yield from _typed("version", given)
    yield from _version(about.version)
    yield from _typed("appVersion", given)
    # Of each list Helm tells the first that is wrong.
    wrong = next((told for told in map(_maintainer, about.maintainers) if told), "")
    if wrong:
        yield "error", wrong
    source = next((one for one in about.sources if not _REQUEST_URL.fullmatch(one)), None)
    if source is not None:
        yield "error", f"invalid source URL '{source}'"
    if not about.icon:
        yield "info", "icon is recommended"
    elif not _REQUEST_URL.fullmatch(about.icon):
        yield "error", f"invalid icon URL '{about.icon}'"
    yield from _of_version_2(about)
    if about.version != "0.0.0-0" and not _STRICT.fullmatch(about.version):
        yield "warning", f"version '{about.version}' is not a valid SemVerV2"


def _typed(name: str, given: Mapping[str, Any]) -> Iterator[tuple[Severity, str]]:
    if name in given and not isinstance(given[name], str):
        found = "<nil>" if given[name] is None else type_of(given[name])
        yield "error", f"{name} should be of type string but it's of type {found}"


def _version(version: str) -> Iterator[tuple[Severity, str]]:
    if not version:
        yield "error", "version is required"
        return
    try:
        fits = Version.parse(version) > Version.parse("0.0.0-0")
    except GoError:
        yield "error", f"version '{version}' is not a valid SemVer"
        return
    if not fits:
        yield "error", f'version {quote(version)} is less than or equal to "0.0.0-0"'


def _maintainer(one: Maintainer | None) -> str:
    if one is None:
        return "a maintainer entry is empty"
    if not one.name:
        return "each maintainer requires a name"
    if one.email and not _EMAIL.fullmatch(one.email):
        return f"invalid email '{one.email}' for maintainer '{one.name}'"
    if one.url and not _URL.fullmatch(one.url):
        return f"invalid url '{one.url}' for maintainer '{one.name}'"
    return ""


def _of_version_2(about: Metadata) -> Iterator[tuple[Severity, str]]:
    if about.api_version in (_V2, OWN_API):
        return
    if about.type:
        told = f"chart type is not valid in apiVersion '{about.api_version}'"
        yield "error", f"{told}. It is valid in apiVersion '{_V2}'"
    if about.dependencies:
        told = f"dependencies are not valid in the Chart file with apiVersion '{about.api_version}'"
        yield "error", f"{told}. They are valid in apiVersion '{_V2}'"
