"""A chart as its files make it: a folder, a `.tgz`, or files that were sent.

Only content comes in here. `load_folder` is for faces that run on the disk where the chart lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from proxmox_mpc.charts.archive import Budget, unpack
from proxmox_mpc.charts.encodings.yaml_reading import read_yaml
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.ignoring import folder_files
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_text
from proxmox_mpc.charts.metadata import OWN_API, Lock, Metadata, checked
from proxmox_mpc.charts.records import parse_record, read_record
from proxmox_mpc.charts.values import read_values

# Helm follows charts in charts as deep as they go; nobody nests them ten deep, and an archive in an archive is a bomb.
MAX_CHART_DEPTH = 30
_MANIFESTS = (".yaml", ".yml", ".json")


class File(NamedTuple):
    """A file of a chart; `name` is relative to the chart."""

    name: str
    data: bytes

    @property
    def text(self) -> str:
        return go_text(self.data)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and the charts in it.

    `given` is Chart.yaml as it was read, unknown members too. `files` are all that have no meaning of their own, which
    `.Files` shows. `raw` is everything, for packaging. `remarks` are what loading wants to tell without failing.
    """

    metadata: Metadata
    values: dict[str, Any] = field(default_factory=dict)
    templates: tuple[File, ...] = ()
    files: tuple[File, ...] = ()
    schema: bytes | None = None
    lock: Lock | None = None
    dependencies: tuple[Chart, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    raw: tuple[File, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def integers(self) -> bool:
        """Whether integers stay integers in its values."""
        return self.metadata.api_version == OWN_API

    @property
    def kinds(self) -> tuple[File, ...]:
        """What is installed before everything else and never removed: `crds/`, in this product's charts `kinds/`."""
        folder = "kinds/" if self.integers else "crds/"
        return tuple(file for file in self.files if file.name.startswith(folder) and file.name.endswith(_MANIFESTS))

    def walk(self, path: str = "") -> Iterator[tuple[str, Chart]]:
        """This chart and all in it, each with its full path: `web`, `web/charts/database`."""
        own = f"{path}/charts/{self.name}" if path else self.name
        yield own, self
        for one in self.dependencies:
            yield from one.walk(own)


def load_archive(data: bytes) -> Chart:
    """A chart from the bytes of its `.tgz`. Raises BadChart."""
    budget = Budget()
    return _load(_named(unpack(data, budget)), budget, 0)


def load_folder(folder: Path) -> Chart:
    """A chart from a folder on this machine's disk, without what its `.helmignore` names. Raises BadChart."""
    return load_files(folder_files(folder))


def load_files(files: Mapping[str, bytes]) -> Chart:
    """A chart from its files by their names, relative to it. Raises BadChart."""
    return _load(_named(files), Budget(), 0)


def _named(files: Mapping[str, bytes]) -> list[File]:
    return [File(name, data) for name, data in files.items()]


def _load(files: Sequence[File], budget: Budget, depth: int) -> Chart:
    if depth > MAX_CHART_DEPTH:
        raise BadChart(f"charts are nested more than {MAX_CHART_DEPTH} deep")
    metadata: Metadata | None = None
    given: Mapping[str, Any] = {}
    for file in files:
        if file.name == "Chart.yaml":
            metadata, given = _metadata(file)
    integers = metadata is not None and metadata.api_version == OWN_API
    values: dict[str, Any] = {}
    schema: bytes | None = None
    lock: Lock | None = None
    templates: list[File] = []
    others: list[File] = []
    inner: dict[str, list[File]] = {}
    remarks: list[str] = []
    for file in files:
        name = file.name
        if name == "Chart.yaml":
            continue
        if name in ("Chart.lock", "requirements.lock"):
            lock = _told(name, read_record, Lock, file.text)
        elif name == "values.yaml":
            values = _told(name, read_values, file.text, integers=integers)
        elif name == "values.schema.json":
            schema = file.data
        elif name == "requirements.yaml":
            metadata = _told(name, parse_record, Metadata, _told(name, read_yaml, file.text, integers=True), metadata)
        elif name.startswith("templates/"):
            templates.append(file)
        elif name.startswith("charts/") and not name.endswith(".prov"):
            path = name.removeprefix("charts/")
            inner.setdefault(path.partition("/")[0], []).append(File(path, file.data))
        else:
            others.append(file)
        if name in ("requirements.yaml", "requirements.lock"):
            if metadata is not None and metadata.api_version == "v1":
                others.append(file)
            else:
                remarks.append(f"{name} belongs to charts of apiVersion v1; others say it in Chart.yaml and Chart.lock")
    if metadata is None:
        raise BadChart("Chart.yaml file is missing")
    metadata = checked(metadata)
    return Chart(
        metadata=metadata,
        values=values,
        templates=tuple(templates),
        files=tuple(others),
        schema=schema,
        lock=lock,
        dependencies=tuple(_sub_charts(inner, metadata.name, budget, depth)),
        given=given,
        raw=tuple(files),
        remarks=tuple(remarks),
    )


def _metadata(file: File) -> tuple[Metadata, Mapping[str, Any]]:
    given = _told(file.name, read_yaml, file.text, integers=True)
    metadata: Metadata = _told(file.name, parse_record, Metadata, given)
    # Charts of Helm 2 did not say which version of the format they follow.
    return metadata if metadata.api_version else replace(metadata, api_version="v1"), given or {}


def _told(name: str, read: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    try:
        return read(*arguments, **options)
    except GoError as error:
        raise BadChart(f"cannot load {name}: {error}") from None


def _sub_charts(inner: Mapping[str, Sequence[File]], name: str, budget: Budget, depth: int) -> Iterator[Chart]:
    """The charts in `charts/`, by name; Helm's own order differs from run to run."""
    for folder in sorted(inner):
        files = inner[folder]
        if folder.startswith(("_", ".")):
            continue
        if folder.endswith(".tgz") and files[0].name != folder:
            raise BadChart(f"error unpacking subchart tar in {name}: expected {folder}, got {files[0].name}")
        try:
            if folder.endswith(".tgz"):
                yield _load(_named(unpack(files[0].data, budget)), budget, depth + 1)
            else:
                below = [File(file.name.partition("/")[2], file.data) for file in files if "/" in file.name]
                yield _load(below, budget, depth + 1)
        except BadChart as error:
            raise BadChart(f"error unpacking subchart {folder} in {name}: {error}") from None
