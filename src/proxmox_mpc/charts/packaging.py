"""A chart as the `.tgz` that `helm package` makes: the same files in the same order, with Chart.yaml as Helm writes it.

The same chart gives the same bytes: nothing in them says when they were made, unless it is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from proxmox_mpc.charts.chart import Chart, File
from proxmox_mpc.charts.encodings.json_values import read_json_at
from proxmox_mpc.charts.encodings.yaml_writing import write_yaml
from proxmox_mpc.charts.errors import BadChart
from proxmox_mpc.charts.functions.versions import Version
from proxmox_mpc.charts.language.function import GoError
from proxmox_mpc.charts.language.go_types import go_bytes, go_text
from proxmox_mpc.charts.metadata import OWN_API, Metadata
from proxmox_mpc.charts.records import write_record

_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Package:
    """An archive and the name of its file."""

    name: str
    data: bytes

    @property
    def digest(self) -> str:
        """What indexes and provenance files know the archive by, without its `sha256:`."""
        return sha256(self.data).hexdigest()


def package(chart: Chart, *, version: str = "", app_version: str = "", modified_s: int = 0) -> Package:
    """A chart as an archive, with another version if one is given. Raises BadChart.

    `modified_s` is the time of its files, in seconds since 1970.
    """
    metadata = _renamed(chart.metadata, version, app_version)
    absent = [need.name for need in metadata.dependencies if all(one.name != need.name for one in chart.dependencies)]
    if absent:
        raise BadChart(f"found in Chart.yaml, but missing in charts/ directory: {', '.join(absent)}")
    data = _archive(_files(replace(chart, metadata=metadata), ""), modified_s)
    return Package(f"{metadata.name}-{metadata.version}.tgz", data)


def packed(chart: Chart) -> bytes:
    """A chart's own files in an archive, as they are: what is kept with a release."""
    return packed_files({file.name: file.data for file in chart.raw}, chart.name)


def packed_files(files: Mapping[str, bytes], folder: str) -> bytes:
    """Files in an archive, in one folder: how a chart travels, also one that is none yet."""
    return _archive((File(f"{folder}/{name}", data) for name, data in files.items()), 0)


def _archive(files: Iterable[File], modified_s: int) -> bytes:
    import gzip
    import tarfile

    stream = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar,
    ):
        for file in files:
            entry = tarfile.TarInfo(file.name)
            entry.size, entry.mode, entry.mtime = len(file.data), _MODE, modified_s
            tar.addfile(entry, io.BytesIO(file.data))
    return stream.getvalue()


def _renamed(metadata: Metadata, version: str, app_version: str) -> Metadata:
    if version:
        try:
            Version.parse(version)
        except GoError as error:
            raise BadChart(str(error)) from None
    return replace(metadata, version=version or metadata.version, app_version=app_version or metadata.app_version)


def _files(chart: Chart, prefix: str) -> Iterator[File]:
    base = f"{prefix}{chart.name}/"
    metadata = chart.metadata
    if metadata.api_version not in ("v1", "v2", OWN_API):
        raise BadChart("invalid chart apiVersion")
    # Charts of apiVersion v1 say what they need in requirements.yaml.
    described = replace(metadata, dependencies=()) if metadata.api_version == "v1" else metadata
    yield File(f"{base}Chart.yaml", go_bytes(write_yaml(write_record(described)) + "\n"))
    if chart.lock is not None and metadata.api_version != "v1":
        yield File(f"{base}Chart.lock", go_bytes(write_yaml(write_record(chart.lock)) + "\n"))
    yield from (File(base + file.name, file.data) for file in chart.raw if file.name == "values.yaml")
    if chart.schema is not None:
        _check_json(chart.schema)
        yield File(f"{base}values.schema.json", chart.schema)
    for file in (*chart.templates, *chart.files):
        yield File(base + file.name, file.data)
    for inner in chart.dependencies:
        yield from _files(inner, f"{base}charts/")


def _check_json(schema: bytes) -> None:
    text = go_text(schema)
    try:
        _, end = read_json_at(text, 0)
    except GoError:
        end = -1
    if end < 0 or text[end:].strip(" \t\r\n"):
        raise BadChart("failed to save: invalid JSON in values.schema.json")
