"""The charts that a chart needs: which are there, which versions fit, and Chart.lock, as in Helm 4.2.3.

Charts come from repositories (`fetch` gets a URL), from folders (`open_folder` loads what `file://` names) or stand in
`charts/` already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from proxmox_mpc.charts.chart import Chart, load_archive
from proxmox_mpc.charts.encodings.yaml_writing import write_yaml
from proxmox_mpc.charts.errors import BadChart, BadRepository
from proxmox_mpc.charts.functions.versions import Constraint, Version
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.quoting import quote
from proxmox_mpc.charts.metadata import Dependency, Lock
from proxmox_mpc.charts.packaging import Package, package
from proxmox_mpc.charts.records import write_record
from proxmox_mpc.charts.repository import Fetch, Index, fetch_chart, fetch_index, go_time

OpenFolder = Callable[[str], Chart]

_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


@dataclass(frozen=True, slots=True)
class Status:
    """A dependency and how it stands.

    ok, unpacked, missing, wrong version, invalid version, misnamed, corrupt or too many matches.
    """

    dependency: Dependency
    status: str


@dataclass(frozen=True, slots=True)
class Vendored:
    """What a chart's `charts/` is to hold, and the lock that says so; `removed` are archives that are not needed."""

    lock: Lock
    packages: tuple[Package, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def lock_text(self) -> str:
        return write_yaml(write_record(self.lock)) + "\n"


def statuses(chart: Chart) -> list[Status]:
    """Every dependency that Chart.yaml declares, and how it stands."""
    archives = {file.name.removeprefix("charts/"): file.data for file in chart.raw if file.name.count("/") == 1}
    return [Status(need, _status(chart, need, archives)) for need in chart.metadata.dependencies]


def _status(chart: Chart, need: Dependency, archives: dict[str, bytes]) -> str:
    matching = [name for name in archives if name.startswith(f"{need.name}-") and name.endswith(".tgz")]
    if len(matching) > 1:
        # `s-*.tgz` finds archives of a chart `s-other`, too.
        matching = [name for name in matching if _strict(name[len(need.name) + 1 : -len(".tgz")])]
        if len(matching) > 1:
            return "too many matches"
    if matching:
        try:
            packed = load_archive(archives[matching[0]])
        except BadChart:
            return "corrupt"
        return "misnamed" if packed.name != need.name else _fitting(need, packed) or "ok"
    there = next((one for one in reversed(chart.dependencies) if one.name == need.name), None)
    return "missing" if there is None else _fitting(need, there) or "unpacked"


def _fitting(need: Dependency, chart: Chart) -> str:
    version = chart.metadata.version
    if version == need.version:
        return ""
    try:
        return "" if Constraint.parse(need.version).allows(Version.parse(version)) else "wrong version"
    except GoError:
        return "invalid version"


def _strict(text: str) -> bool:
    try:
        return str(Version.parse(text)) == text
    except GoError:
        return False


def lock_digest(needs: Sequence[Dependency], locked: Sequence[Dependency]) -> str:
    """What Chart.lock says of Chart.yaml and of itself, to see whether one of them was changed."""
    both = [[write_record(one) for one in some] or None for some in (needs, locked)]
    return _digest(both)


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_HTML)
    return f"sha256:{sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()}"


def in_step(chart: Chart) -> bool:
    """Whether Chart.lock was made for what Chart.yaml says now."""
    if chart.lock is None:
        return False
    needs = chart.metadata.dependencies
    if chart.lock.digest == lock_digest(needs, chart.lock.dependencies):
        return True
    # Helm 2 made requirements.lock of what was wanted alone.
    old = _digest({"dependencies": [write_record(one) for one in needs] or None})
    return chart.metadata.api_version == "v1" and chart.lock.digest == old


async def updated(chart: Chart, now: datetime, *, fetch: Fetch, open_folder: OpenFolder) -> Vendored:
    """The newest charts that fit what Chart.yaml declares, and their lock. Raises BadRepository and BadChart."""
    needs = chart.metadata.dependencies
    indexes: dict[str, Index] = {}
    locked: list[Dependency] = []
    missing: list[Dependency] = []
    for need in needs:
        version = await _newest(chart, need, indexes, fetch, open_folder)
        if version:
            locked.append(Dependency(name=need.name, version=version, repository=need.repository))
        else:
            missing.append(need)
    if missing:
        told = ", ".join(
            f"{quote(one.name)} (repository {quote(one.repository)}, version {quote(one.version)})" for one in missing
        )
        raise BadRepository(
            f"can't get a valid version for {len(missing)} subchart(s): {told}. "
            "Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml"
        )
    lock = Lock(generated=go_time(now), digest=lock_digest(needs, locked), dependencies=tuple(locked))
    return await built(replace(chart, lock=lock), fetch=fetch, open_folder=open_folder, indexes=indexes)


async def _newest(
    chart: Chart, need: Dependency, indexes: dict[str, Index], fetch: Fetch, open_folder: OpenFolder
) -> str:
    """The newest version that fits; "" when none does."""
    try:
        wanted = Constraint.parse(need.version)
    except GoError as error:
        raise BadRepository(
            f"dependency {quote(need.name)} has an invalid version/constraint format: {error}"
        ) from None
    if not need.repository:
        if not any(file.name.startswith(f"charts/{need.name}/") for file in chart.raw):
            raise BadRepository(f"directory charts/{need.name} not found")
        return need.version
    if need.repository.startswith("file://"):
        version = open_folder(need.repository.removeprefix("file://")).metadata.version
        return version if wanted.allows(Version.parse(version)) else ""
    if need.repository not in indexes:
        indexes[need.repository] = await fetch_index(need.repository, fetch)
    versions = indexes[need.repository].entries.get(need.name)
    if versions is None:
        raise BadRepository(f"{need.name} chart not found in repo {need.repository}")
    fitting = (one for one in versions if one.urls and wanted.allows(Version.parse(one.version)))
    return next((one.version for one in fitting), "")


async def built(
    chart: Chart, *, fetch: Fetch, open_folder: OpenFolder, indexes: dict[str, Index] | None = None
) -> Vendored:
    """The charts that Chart.lock names. Raises BadChart when there is none, or when it is out of step."""
    if chart.lock is None or not in_step(chart):
        raise BadChart(
            "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). "
            "Please update the dependencies with 'helm dependency update'"
        )
    known = {} if indexes is None else indexes
    packages: dict[str, Package] = {}
    for one in chart.lock.dependencies:
        if not one.repository:
            continue
        if one.repository.startswith("file://"):
            made = package(open_folder(one.repository.removeprefix("file://")))
        else:
            if one.repository not in known:
                known[one.repository] = await fetch_index(one.repository, fetch)
            found = known[one.repository].find(one.name, one.version)
            made = await fetch_chart(one.repository, found, fetch)
            _check_identity(made, one)
        packages[made.name] = made
    return Vendored(chart.lock, tuple(packages.values()), tuple(_outdated(chart, packages)))


def _outdated(chart: Chart, packages: Mapping[str, Package]) -> Iterator[str]:
    """Archives in `charts/` that the lock does not name; those without a repository stand there for good."""
    local = {need.name for need in chart.metadata.dependencies if not need.repository}
    for file in chart.raw:
        folder, _, name = file.name.rpartition("/")
        outdated = folder == "charts" and name.endswith(".tgz") and name not in packages
        if outdated and load_archive(file.data).name not in local:
            yield name


def _check_identity(made: Package, wanted: Dependency) -> None:
    """What a repository sends must be the chart that was asked for."""
    metadata = load_archive(made.data).metadata
    if (metadata.name, metadata.version) != (wanted.name, wanted.version):
        raise BadRepository(
            f"{wanted.repository} sent {metadata.name} {metadata.version} for {wanted.name} {wanted.version}"
        )
