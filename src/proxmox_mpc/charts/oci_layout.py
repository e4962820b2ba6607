"""Charts in an OCI image layout on disk: `oci-layout`, `index.json`, and blobs by their digests, as Helm pushes them.

The layout's files come and go by their names in it, so that it may lie in a folder, an archive or a test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from proxmox_mpc.charts.archive import MAX_CHART_BYTES
from proxmox_mpc.charts.chart import load_archive
from proxmox_mpc.charts.errors import BadRepository
from proxmox_mpc.charts.packaging import Package
from proxmox_mpc.charts.records import write_record

# Content of a file of the layout by its name.
ReadFile = Callable[[str], bytes]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"
_INDEX = "application/vnd.oci.image.index.v1+json"
_TAG = "org.opencontainers.image.ref.name"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def tag_of(version: str) -> str:
    """A version as a tag, which has no `+`."""
    return version.replace("+", "_")


def write_layout(package: Package, provenance: str = "", *, index: bytes = b"") -> dict[str, bytes]:
    """The files that put a chart into a layout; `index` is the index.json that is there already."""
    metadata = load_archive(package.data).metadata
    config = json.dumps(write_record(metadata), ensure_ascii=False, separators=(",", ":")).encode()
    layers = [(CHART, package.data), *([(PROVENANCE, provenance.encode())] if provenance else [])]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(CONFIG, config),
        "layers": [_descriptor(kind, data) for kind, data in layers],
        "annotations": {
            "org.opencontainers.image.title": metadata.name,
            "org.opencontainers.image.version": metadata.version,
        },
    }
    content = json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode()
    tag = tag_of(metadata.version)
    kept = [one for one in _manifests(index) if _tag(one) != tag] if index else []
    entry = {**_descriptor(MANIFEST, content), "annotations": {_TAG: tag}}
    listed = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [*kept, entry]}
    return {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps(listed, separators=(",", ":")).encode(),
        **{_blob(_digest(data)): data for data in (config, content, *(data for _, data in layers))},
    }


def read_layout(read: ReadFile, version: str = "") -> tuple[Package, str]:
    """A chart of a layout, and its provenance if it is there. Without a version there must be one chart only."""
    manifests = _manifests(read("index.json"))
    tagged = [one for one in manifests if not version or _tag(one) == tag_of(version)]
    if len(tagged) != 1:
        tags = ", ".join(sorted(_tag(one) or "?" for one in manifests))
        wanted = f" of version {version}" if version else ""
        raise BadRepository(f"the layout has {len(tagged)} charts{wanted}; its tags are: {tags}")
    manifest = _object(_content(read, tagged[0]))
    layers = manifest.get("layers")
    by_type = {one.get("mediaType"): one for one in layers if isinstance(one, dict)} if isinstance(layers, list) else {}
    if CHART not in by_type:
        raise BadRepository("the layout holds no Helm chart")
    data = _content(read, by_type[CHART])
    metadata = load_archive(data).metadata
    provenance = _content(read, by_type[PROVENANCE]).decode("utf-8", "replace") if PROVENANCE in by_type else ""
    return Package(f"{metadata.name}-{metadata.version}.tgz", data), provenance


def versions(index: bytes) -> list[str]:
    """The versions that a layout's index.json names, in its order."""
    return [tag.replace("_", "+") for tag in map(_tag, _manifests(index)) if tag]


def _tag(manifest: dict[str, Any]) -> str:
    annotations = manifest.get("annotations")
    found = annotations.get(_TAG) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) else ""


def _manifests(index: bytes) -> list[dict[str, Any]]:
    found = _object(index).get("manifests")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRepository("the layout's JSON cannot be read")
    return found


def _content(read: ReadFile, descriptor: dict[str, Any]) -> bytes:
    """The blob of a descriptor; it must be what its digest says."""
    digest = str(descriptor.get("digest"))
    if not _DIGEST.fullmatch(digest):
        raise BadRepository(f"the layout names a blob that is none: {digest}")
    data = read(_blob(digest))
    if len(data) > MAX_CHART_BYTES or _digest(data) != digest:
        raise BadRepository(f"the layout's blob {digest} is something else")
    return data


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
