"""A chart repository: `index.yaml` as `helm repo index` makes it, and what is found in it (Helm 4.2.3).

Nothing here opens a connection. Who wants something from a network hands in `fetch`, which gets the bytes of a URL.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit, urlunsplit

from proxmox_mpc.charts.chart import load_archive
from proxmox_mpc.charts.encodings.json_values import read_json_at
from proxmox_mpc.charts.encodings.yaml_reading import read_yaml
from proxmox_mpc.charts.encodings.yaml_writing import write_yaml
from proxmox_mpc.charts.errors import BadChart, BadRepository
from proxmox_mpc.charts.functions.versions import Constraint, Version
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes
from proxmox_mpc.charts.metadata import Metadata, checked
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.records import member, parse_record, write_record

Fetch = Callable[[str], Awaitable[bytes]]

# What Go writes where no time was set.
_NEVER = "0001-01-01T00:00:00Z"
_DUPLICATES = "validation: more than one dependency with name or alias"


@dataclass(frozen=True, slots=True)
class ChartVersion(Metadata):
    """One version of a chart in an index; `urls` may be relative to the repository."""

    GO_TYPE: ClassVar[str] = "repo.ChartVersion"

    urls: tuple[str, ...] = member("urls", "[]string", always=True)
    created: str = member("created", "time.Time", always=True)
    removed: bool = member("removed", "bool")
    digest: str = member("digest")


@dataclass(frozen=True, slots=True)
class Index:
    """All charts of a repository by name, of each the newest version first."""

    entries: Mapping[str, Sequence[ChartVersion]] = field(default_factory=dict)
    generated: str = _NEVER
    annotations: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def find(self, name: str, version: str = "") -> ChartVersion:
        """The version that was named, or the newest one in a range; without one the newest release."""
        found = self.entries.get(name)
        if not found:
            raise BadRepository("no chart name found" if found is None else "no chart version found")
        exact = next((one for one in found if version and one.version == version), None)
        if exact:
            return exact
        try:
            wanted = Constraint.parse(version or "*")
        except GoError as error:
            raise BadRepository(str(error)) from None
        for one in found:
            parsed = _version(one)
            if parsed and wanted.allows(parsed):
                return one
        raise BadRepository(f"no chart version found for {name}-{version}")

    def has(self, name: str, version: str) -> bool:
        try:
            self.find(name, version)
        except BadRepository:
            return False
        return True


def read_index(text: str, only: str = "") -> Index:
    """An index from the text of an index.yaml, which may be JSON; entries that no chart can have are left out.

    `only` is the one chart that is wanted: of big indexes most of the time goes into the others.
    """
    if not text:
        raise BadRepository("empty index.yaml file")
    try:
        document = (
            read_json_at(text, 0, integers=True)[0] if text.lstrip()[:1] == "{" else read_yaml(text, integers=True)
        )
        if not isinstance(document, dict):
            raise GoError("an index.yaml must be a map")
        return _index(document, only)
    except GoError as error:
        raise BadRepository(str(error)) from None


def _index(document: dict[str, Any], only: str) -> Index:
    entries: dict[str, list[ChartVersion]] = {}
    remarks = []
    named = document.get("entries") or {}
    if not isinstance(named, dict):
        raise GoError("the entries of an index.yaml must be a map")
    for name, versions in named.items():
        if only and name != only:
            continue
        entries[name] = []
        for given in versions if isinstance(versions, list) else ():
            one = parse_record(ChartVersion, given)
            try:
                entries[name].append(_valid(replace(one, api_version=one.api_version or "v1")))
            except BadChart as error:
                remarks.append(f"skipping loading invalid entry for chart {name} {one.version}: {error}")
    if not document.get("apiVersion"):
        raise GoError("no API version specified")
    annotations = document.get("annotations")
    return Index(
        {name: newest_first(versions) for name, versions in entries.items()},
        str(document.get("generated") or _NEVER),
        {key: str(value) for key, value in annotations.items()} if isinstance(annotations, dict) else {},
        tuple(remarks),
    )


def _valid(one: ChartVersion) -> ChartVersion:
    try:
        return checked(one)
    except BadChart as error:
        # Some servers leave out the aliases.
        if str(error).startswith(_DUPLICATES):
            return one
        raise


def write_index(index: Index) -> str:
    """The text of an index.yaml."""
    return write_yaml(_document(index)) + "\n"


def index_json(index: Index) -> str:
    """An index as JSON, which `read_index` reads ten times as fast."""
    return json.dumps(_document(index), ensure_ascii=False, separators=(",", ":"))


def _document(index: Index) -> dict[str, Any]:
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "entries": {name: [_written(one) for one in versions] for name, versions in index.entries.items()},
        "generated": index.generated,
    }
    if index.annotations:
        document["annotations"] = dict(index.annotations)
    return document


def _written(one: ChartVersion) -> dict[str, Any]:
    return write_record(replace(one, created=one.created or _NEVER))


def indexed(packages: Iterable[Package], now: datetime, *, base_url: str = "", merged: Index | None = None) -> Index:
    """An index of archives; their names are paths below the repository. What only `merged` has is kept."""
    entries: dict[str, list[ChartVersion]] = {}
    remarks = []
    time = go_time(now)
    for one in packages:
        try:
            metadata = load_archive(one.data).metadata
        except BadChart as error:
            # Helm takes it for something that is no chart.
            remarks.append(f"{one.name} is no chart: {error}")
            continue
        about = {given.name: getattr(metadata, given.name) for given in fields(metadata)}
        entry = ChartVersion(**about, urls=(joined(base_url, one.name),), created=time, digest=one.digest)
        entries.setdefault(entry.name, []).append(entry)
    for versions in merged.entries.values() if merged else ():
        for entry in versions:
            if not Index(entries).has(entry.name, entry.version):
                entries.setdefault(entry.name, []).append(entry)
    return Index({name: newest_first(found) for name, found in entries.items()}, time, remarks=tuple(remarks))


def joined(base_url: str, path: str) -> str:
    """A path below a URL, or alone where there is none."""
    if not base_url:
        return path
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(path=posixpath.join(parts.path or "/", path)))


def go_time(moment: datetime) -> str:
    """A time as Go writes it in JSON."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def _version(one: ChartVersion) -> Version | None:
    try:
        return Version.parse(one.version)
    except GoError:
        return None


def newest_first(versions: Iterable[ChartVersion]) -> tuple[ChartVersion, ...]:
    """Versions in their order; what is no version comes last."""
    parsed = [(_version(one), one) for one in versions]
    known = sorted(((version, one) for version, one in parsed if version), key=lambda entry: entry[0], reverse=True)
    return (*(one for _, one in known), *(one for version, one in parsed if version is None))


@dataclass(frozen=True, slots=True)
class Found:
    """A chart that a search found; `name` begins with its repository's name."""

    name: str
    version: ChartVersion


def search(
    indexes: Mapping[str, Index], term: str = "", *, version: str = "", every: bool = False, regexp: bool = False
) -> list[Found]:
    """Charts of named repositories whose name, description or keywords have a term in them, best first.

    Of each chart the newest version in the range is told, or `every` one; without a range, releases only.
    """
    try:
        wanted = Constraint.parse(version or ">0.0.0")
    except GoError as error:
        raise BadRepository(f"an invalid version/constraint format: {error}") from None
    has = _matching(term, regexp)
    found: list[tuple[int, str, Found]] = []
    for repository, index in sorted(indexes.items()):
        for name, versions in sorted(index.entries.items()):
            fitting = [one for one in versions if (parsed := _version(one)) and wanted.allows(parsed)]
            for one in fitting if every else fitting[:1]:
                full = f"{repository}/{name}"
                texts = (full, name, one.description, " ".join(one.keywords))
                place = next((n for n, text in enumerate(texts) if has(text)), -1)
                if place >= 0:
                    found.append((place, full, Found(full, one)))
    return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])]


def _matching(term: str, regexp: bool) -> Callable[[str], bool]:
    if not regexp:
        return lambda text: term.lower() in text.lower()
    from proxmox_mpc.charts.functions.patterns import compiled

    try:
        pattern = compiled(term)
    except GoError as error:
        raise BadRepository(str(error)) from None
    return lambda text: any(pattern.find(go_bytes(one), 0) is not None for one in (text, text.lower()))


async def fetch_index(url: str, fetch: Fetch) -> Index:
    """The index of a repository."""
    data = await fetch(joined(url, "index.yaml"))
    return read_index(data.decode("utf-8", "replace").removeprefix("\ufeff"))


def chart_url(url: str, one: ChartVersion) -> str:
    """Where the archive of a version stands that the index at `url` names."""
    if not one.urls:
        raise BadRepository(f"chart {one.name}-{one.version} has no downloadable URLs")
    try:
        where = urljoin(url.rstrip("/") + "/", one.urls[0])
        scheme = urlsplit(where).scheme
    except ValueError as error:
        raise BadRepository(f"chart {one.name}-{one.version} is at no URL: {one.urls[0]}: {error}") from None
    if scheme not in ("http", "https"):
        raise BadRepository(f"chart {one.name}-{one.version} is not on the web: {where}")
    return where


async def fetch_chart(url: str, one: ChartVersion, fetch: Fetch) -> Package:
    """The archive of a version that the index at `url` names; its digest must be what the index says."""
    where = chart_url(url, one)
    made = Package(f"{one.name}-{one.version}.tgz", await fetch(where))
    if one.digest and made.digest != one.digest.removeprefix("sha256:"):
        raise BadRepository(f"{where} is not what the index says: its sha256 is {made.digest}, not {one.digest}")
    return made
