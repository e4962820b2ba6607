"""What install, upgrade, template and lint share: a chart and values rendered to manifests, hooks and notes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pydantic import Field

from proxmox_mpc.actions._action import Request
from proxmox_mpc.actions._planning import ManifestText
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions.apply import HookText, ReleaseText
from proxmox_mpc.charts.activation import activated
from proxmox_mpc.charts.chart import Chart, load_archive
from proxmox_mpc.charts.errors import BadChart, BadValues
from proxmox_mpc.charts.giving import given_values
from proxmox_mpc.charts.manifests import Manifests, split
from proxmox_mpc.charts.rendering import Cluster, Release, sources_of
from proxmox_mpc.charts.schema import validate
from proxmox_mpc.charts.values import copied
from proxmox_mpc.errors import InvalidInput, InvalidInputs, MpcError, Place

if TYPE_CHECKING:
    from proxmox_mpc.charts.engine import RenderError, Source

SHOWN = timedelta(minutes=10)
"""How long a rendering that was shown is what is agreed to; a plan that moved meanwhile is refused all the same."""
API = "proxmox.io/v1"
OFFLINE_PVE = "9.1"
"""What charts are told to be rendered for where no cluster is asked: the newest version that all kinds are made for."""


class ChartValues(Request):
    """Values for a chart, the later over the earlier: files, then what `--set` and its kin say."""

    files: list[ManifestText] = Field([], description="Values files, as YAML.", repr=False)
    set_json: list[str] = Field([], description="path=JSON.", repr=False)
    set: list[str] = Field([], description="path=value,path=value.", repr=False)
    set_string: list[str] = Field([], description="path=value, where every value stays text.", repr=False)
    set_file: list[str] = Field([], description="path=file, whose content is the value.", repr=False)
    set_literal: list[str] = Field([], description="path=value, taken as it stands.", repr=False)
    contents: dict[str, str] = Field({}, description="What the files of set_file hold, by their names.", repr=False)


class Rendering(Request):
    """A chart, and how it is rendered."""

    chart: str = Field(description="The chart: a .tgz in base64.", repr=False)
    name: str = Field(description="The release's name.")
    values: ChartValues = Field(default_factory=ChartValues, description="What is other than the chart's defaults.")
    namespace: str = Field("default", description="Namespace for manifests that name none.")
    skip_schema: bool = Field(False, description="Leave values.schema.json out.")
    sub_notes: bool = Field(False, description="Notes of sub-charts too.")


@dataclass(frozen=True)
class Rendered:
    """A release as it would be: its chart, its values, and what was rendered."""

    chart: Chart
    given: dict[str, Any]
    all_values: dict[str, Any]
    files: Mapping[str, str]
    manifests: Manifests
    sources: Callable[[], Mapping[str, Source]]
    """The templates with what they were rendered on, as it was before."""

    def placed(self, error: MpcError) -> MpcError:
        """An error in what was rendered, with its place in the template that wrote it."""
        if isinstance(error, InvalidInputs):
            # A loop writes the same mistake many times.
            apart = {str(one): one for one in map(self.placed, error.errors)}
            return InvalidInputs(list(apart.values()))
        place = error.place
        if place is not None and place.file in self.files:
            from proxmox_mpc.charts.engine import origin

            found = origin(self.sources(), place.file, place.line, place.column)
            if found is not None:
                error.place = Place(place.file, *found)
        return error

    @property
    def texts(self) -> list[ManifestText]:
        return [ManifestText(name=name, content=text) for name, text in self.manifests.texts.items()]


def chart_of(archive: str) -> Chart:
    """The chart of a request. Raises BadChart."""
    try:
        return load_archive(base64.b64decode(archive, validate=True))
    except ValueError as error:
        raise BadChart(f"the chart is no base64: {error}") from None


def values_of(wanted: ChartValues, chart: Chart) -> dict[str, Any]:
    """The values that a user gives. Raises BadValues."""

    def content(name: str) -> str:
        if name not in wanted.contents:
            raise BadValues(f"there is no file {name!r} for --set-file")
        return wanted.contents[name]

    return given_values(
        [(file.name, file.content) for file in wanted.files],
        set_json=wanted.set_json,
        set_=wanted.set,
        set_string=wanted.set_string,
        set_file=wanted.set_file,
        set_literal=wanted.set_literal,
        content=content,
        integers=chart.integers,
    )


async def render_release(
    session: Session,
    chart: Chart,
    given: Mapping[str, Any],
    wanted: Rendering,
    *,
    revision: int = 1,
    upgrade: bool = False,
    cluster: bool = True,
    lenient: Callable[[str], None] | None = None,
) -> Rendered:
    """Render a chart; with a `cluster`, templates may look things up there and learn what it can do.

    `lenient` is told what `required` and `fail` say, which then do not end it.

    What was shown a moment ago is taken as it was: certificates and passwords would be others.
    """
    from proxmox_mpc.charts.engine import RenderError, render
    from proxmox_mpc.charts.language.chance import KeyedRandom
    from proxmox_mpc.charts.language.state import Environment

    wish = (wanted.chart, wanted.name, wanted.namespace, given, revision, upgrade, wanted.skip_schema, wanted.sub_notes)
    kept, session.rendered = session.rendered, None
    if lenient is None and kept is not None and kept[0] == wish and session.now() - kept[1] < SHOWN:
        return cast(Rendered, kept[2])

    found = activated(chart, given)
    active, values = found.chart, found.values
    if not wanted.skip_schema:
        validate(active, values)
    release = Release(wanted.name, wanted.namespace, revision, upgrade, "Proxmox-MPC" if chart.integers else "Helm")
    about = Cluster()
    # Of the chart's own randomness a release keeps its share: see KeyedRandom.
    chance = KeyedRandom(session.fingerprint(_chance_of(session, chart, wanted)))
    environment = Environment(now=session.now, random=chance, lenient=lenient)
    if cluster:
        environment = replace(environment, lookup=_lookup(session, asyncio.get_running_loop()))
    if chart.integers:
        about = await capabilities(session, connected=cluster)
    fresh = partial(sources_of, active, release=release, cluster=about)
    try:
        files = await asyncio.to_thread(render, fresh(values=copied(values)), environment)
    except RenderError as error:
        raise _told(error) from None
    manifests = split(files, chart.name, sub_notes=wanted.sub_notes)
    manifests = replace(manifests, remarks=(*found.remarks, *manifests.remarks))
    made = Rendered(active, dict(given), values, files, manifests, lambda: fresh(values=copied(values)))
    if lenient is None:
        session.rendered = (wish, session.now(), made)
    return made


def _chance_of(session: Session, chart: Chart, wanted: Rendering) -> str:
    """What a release's random values come from: who may not make the release does not get its passwords shown."""
    own, access = f"chart/{chart.name}/{wanted.namespace}/{wanted.name}", session.who.access
    context = session.known_context
    may = access.is_unlimited or (context and access.allows("resources:write", context, wanted.namespace))
    return own if may else f"{own}/as shown to {session.actor}"


def _told(error: RenderError) -> InvalidInput:
    """A rendering's error with its place before it, instead of Helm's own way to say where."""
    where = f"{error.file}:{error.line}" + ("" if error.column is None else f":{error.column}")
    text = str(error).removeprefix(f"{where}\n").replace(f" at ({where})", "").replace("execution error: ", "")
    first, *rest = (line.strip() for line in text.splitlines())
    place = Place(error.file, error.line, (error.column or 0) + 1) if error.line else None
    return InvalidInput(" ".join([first, *rest]), place=place)


async def capabilities(session: Session, *, connected: bool) -> Cluster:
    """What this product's own charts are told: the kinds there are, and the cluster's version."""
    from proxmox_mpc.kinds import all_kinds

    versions = (API, *(f"{API}/{kind.name}" for kind in all_kinds()))
    if not connected:
        return Cluster(api_versions=versions, pve_version=OFFLINE_PVE)
    version = await (await session.view()).pve.version()
    return Cluster(api_versions=versions, pve_version=str(version))


def _lookup(session: Session, loop: asyncio.AbstractEventLoop) -> Callable[[str, str, str, str], dict[str, Any]]:
    """`lookup` for templates, which run in a thread of their own while the loop reads the cluster."""
    from proxmox_mpc.charts.language.function import GoError

    def lookup(api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
        try:
            found = asyncio.run_coroutine_threadsafe(_found(session, api_version, kind, namespace, name), loop)
            return found.result()
        except MpcError as error:
            raise GoError(str(error)) from error

    return lookup


async def _found(session: Session, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any]:
    from proxmox_mpc.actions.get import GetRequest, get

    if api_version != API:
        return {}
    result = await get(session, GetRequest(kind=kind, names=[], namespace=namespace, full=True))
    items = [{**item.manifest, "status": {**item.identity, **item.status}} for item in result.items]
    if not name:
        return {"apiVersion": API, "kind": f"{kind}List", "items": items}
    return next((item for item in items if item["metadata"]["name"] == name), {})


def release_text(made: Rendered, archive: str, event: str, *, hooks: bool = True) -> ReleaseText:
    """What a revision remembers of its chart."""
    about = made.chart.metadata
    return ReleaseText(
        chart={"name": about.name, "version": about.version, "appVersion": about.app_version},
        archive=archive,
        values=made.given,
        hooks=[
            HookText(
                file=hook.file,
                kind=hook.kind,
                name=hook.name,
                events=list(hook.events),
                weight=hook.weight,
                policies=list(hook.policies),
                text=hook.text,
            )
            for hook in made.manifests.hooks
        ],
        notes=made.manifests.notes,
        event=event,
        with_hooks=hooks,
    )
