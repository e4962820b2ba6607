"""What the actions on repositories and their charts share: who is known, and whose login goes where."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from proxmox_mpc.actions._session import Session
from proxmox_mpc.charts.chart import Chart, load_archive
from proxmox_mpc.charts.errors import BadChart, BadRepository
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.repository import (
    ChartVersion,
    Fetch,
    Index,
    chart_url,
    fetch_chart,
    fetch_index,
    index_json,
    read_index,
)
from proxmox_mpc.errors import NotFoundError, UsageError
from proxmox_mpc.store.records import ChartRepository

ALIASES = ("@", "alias:")
"""How Chart.yaml names a repository by the name that a user gave it."""
ANY_VERSION = ">0.0.0-0"
"""The range that has versions in it that are no releases yet, as Helm's --devel says it."""
_PORTS = {"http": 80, "https": 443}


def clean_url(url: str) -> str:
    """A repository's URL. Raises UsageError for what is none, and for one with a password in it."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if url.startswith("oci://"):
        hint = "a layout on disk is read: oci-layout:FOLDER/NAME:VERSION"
        raise UsageError(f"{url} is a registry, which is not spoken to", hint=hint)
    if not fits:
        raise UsageError(f"{url!r} is no URL of a repository", hint="https://…")
    if "@" in parts.netloc:
        hint = "proxmox-cli repo add NAME URL --username NAME asks for the password, and encrypts it"
        raise UsageError("a URL with a login in it is seen by everybody", hint=hint)
    return url


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: where a login may be sent."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def login_for(url: str, known: Iterable[ChartRepository]) -> tuple[str, str]:
    """User and password for a URL: those of the repository that it lies in, the innermost one, or none."""
    here = [one for one in known if one.username and f"{url}/".startswith(one.url.rstrip("/") + "/")]
    here = [one for one in here if origin(one.url) == origin(url)]
    nearest = max(here, key=lambda one: len(one.url), default=None)
    return (nearest.username, nearest.password) if nearest else ("", "")


def fetching(session: Session, known: Sequence[ChartRepository]) -> Fetch:
    """A fetch that sends a repository's login to its own host only, whatever its index names."""

    async def fetch(url: str) -> bytes:
        return await session.fetch(clean_url(url), *login_for(url, known))

    return fetch


async def repositories(session: Session, names: Sequence[str] = ()) -> list[ChartRepository]:
    """The repositories of these names, or all. Raises NotFoundError."""
    known = await (await session.store()).chart_repositories.list()
    there = {one.name: one for one in known}
    for name in names:
        if name not in there:
            hint = f"there are: {', '.join(there)}" if there else "proxmox-cli repo add NAME URL"
            raise NotFoundError(f"there is no repository {name!r}", hint=hint)
    return [there[name] for name in names] if names else known


async def refreshed(session: Session, one: ChartRepository) -> tuple[ChartRepository, Index]:
    """A repository with its index as it is now, which is kept. Raises BadRepository and what `fetch` raises."""
    url = one.url.rstrip("/") + "/index.yaml"
    data = await session.fetch(url, one.username, one.password)
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        index = read_index(text)
    except BadRepository as error:
        hint = "is it a chart repository? its folder has an index.yaml, made by: proxmox-cli repo index FOLDER"
        raise BadRepository(f"{url} is no index: {error}", hint=hint) from None
    fresh = replace(one, index=index_json(index), fetched_at=session.now())
    await (await session.store()).chart_repositories.put(fresh)
    return fresh, index


@dataclass(frozen=True)
class Found:
    """A chart that a word means: a version in an index at `url`, or the archive at `url` itself."""

    url: str
    version: ChartVersion | None
    fetch: Fetch

    async def package(self) -> Package:
        """The archive; its digest is what the index says."""
        if self.version is not None:
            return await fetch_chart(self.url, self.version, self.fetch)
        return Package(urlsplit(self.url).path.rpartition("/")[2] or "chart.tgz", await self.fetch(self.url))

    async def provenance(self) -> str:
        """The text of the `.prov` beside the archive. Raises NotFoundError where there is none."""
        where = chart_url(self.url, self.version) if self.version else self.url
        return (await self.fetch(f"{where}.prov")).decode("utf-8", "replace")


async def find_chart(session: Session, word: str, version: str, repo_url: str, login: tuple[str, str]) -> Found:
    """What REPOSITORY/NAME, a URL, or a name in the repository at `repo_url` means."""
    known = await repositories(session)
    if repo_url:
        there = [ChartRepository("", clean_url(repo_url), *login)] if login[0] else known
        fetch = fetching(session, there)
        return Found(repo_url, _version(await fetch_index(repo_url, fetch), word, version, repo_url), fetch)
    if "://" in word:
        url = clean_url(word)
        own = [ChartRepository("", url, *login)] if login[0] else known
        return Found(url, None, fetching(session, own))
    name, _, chart = word.partition("/")
    one = next((one for one in known if one.name == name), None)
    if one is None or not chart:
        names = ", ".join(f"{one.name}/…" for one in known) or "no repository is known: proxmox-cli repo add NAME URL"
        hint = f"a folder, a .tgz, a URL, oci-layout:FOLDER/NAME:VERSION, or REPOSITORY/NAME ({names})"
        raise NotFoundError(f"there is no chart {word!r}", hint=hint)
    index = read_index(one.index, chart) if one.index else (await refreshed(session, one))[1]
    if not index.entries.get(chart) and one.index:
        index = read_index(one.index)  # for what it may have meant
    return Found(one.url, _version(index, chart, version, name), fetching(session, [one]))


def _version(index: Index, name: str, version: str, repository: str) -> ChartVersion:
    found = index.entries.get(name)
    if not found:
        import difflib

        near = difflib.get_close_matches(name, index.entries, n=1)
        hint = f"did you mean {near[0]}?" if near else f"proxmox-cli repo update {repository}, or search repo"
        raise NotFoundError(f"there is no chart {name!r} in {repository}", hint=hint)
    try:
        return index.find(name, version)
    except BadRepository as error:
        newest = ", ".join(one.version for one in found[:5])
        raise NotFoundError(
            f"{name}: {error}", hint=f"the newest are {newest}; --devel for those before releases"
        ) from None


def named_by_url(chart: Chart, known: Sequence[ChartRepository]) -> Chart:
    """A chart whose dependencies name repositories by URL: `@stable` becomes what `repo add stable` was given."""
    urls = {f"{alias}{one.name}": one.url for one in known for alias in ALIASES}
    needs = []
    for need in chart.metadata.dependencies:
        if need.repository.startswith(ALIASES) and need.repository not in urls:
            hint = "proxmox-cli repo add NAME URL"
            raise NotFoundError(f"{need.name} comes from {need.repository}, and no repository has that name", hint=hint)
        needs.append(replace(need, repository=urls.get(need.repository, need.repository)))
    return replace(chart, metadata=replace(chart.metadata, dependencies=tuple(needs)))


def bytes_of(text: str, what: str) -> bytes:
    """Content that came as base64. Raises BadChart."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadChart(f"the {what} is no base64: {error}") from None


def text_of(data: bytes) -> str:
    """Content as base64."""
    return base64.b64encode(data).decode("ascii")


def folder_of(folders: dict[str, str], path: str) -> Chart:
    """The chart that was sent for a `file://` dependency. Raises NotFoundError."""
    if path not in folders:
        raise NotFoundError(f"there is no chart at file://{path}", hint="the path is relative to the chart's folder")
    return load_archive(bytes_of(folders[path], f"chart at {path}"))
