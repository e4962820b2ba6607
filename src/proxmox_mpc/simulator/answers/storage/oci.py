"""Images from OCI registries as container templates: real from a registry on this machine, made up from any other.

Not recorded: the task's type and log follow PVE's behaviour as far as it is known.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import aiohttp

from proxmox_mpc.simulator import _tasks
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator.answers.storage import _fetch, _files
from proxmox_mpc.simulator.answers.storage._fetch import FetchError

_TYPES = ("application/vnd.oci.image", "application/vnd.docker.distribution")
_ACCEPTED = ", ".join(
    (
        f"{_TYPES[0]}.index.v1+json", f"{_TYPES[0]}.manifest.v1+json", f"{_TYPES[1]}.manifest.list.v2+json",
        f"{_TYPES[1]}.manifest.v2+json",
    )
)  # fmt: skip

# The algorithms that the OCI image specification registers.
_DIGEST = re.compile(r"(?:sha256|sha512):[0-9a-f]+")

# The architecture of simulated nodes, and what an image weighs that nobody fetched.
_ARCHITECTURE = "amd64"
_MADE_UP = 80 * 1024**2


def _split(reference: str) -> tuple[str, str, str]:
    """`host:port/name:tag` → the registry's address, the repository, the tag. Without a host it is Docker's."""
    first, slash, rest = reference.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    host, name = (first, rest) if is_host else ("docker.io", reference)
    name, _, tag = name.partition(":")
    return f"http://{host}/v2", name, tag


async def _read(url: str) -> dict[str, Any]:
    """A JSON document of a registry."""
    try:
        async with _fetch.request("GET", url, headers={"Accept": _ACCEPTED}) as answer:
            found = json.loads(await answer.read())
    except FetchError as error:
        die(f"fetching {url} failed: {error.status or ''} {error}".replace("  ", " "))
    except (ValueError, RecursionError, asyncio.IncompleteReadError, aiohttp.ClientError) as error:
        die(f"{url} is no answer of a registry: {error}")
    return found if isinstance(found, dict) else {}


@answers("GET", "/nodes/{node}/query-oci-repo-tags")
async def tags(call: Call) -> Any:
    registry, name, _ = _split(call.text("reference"))
    if not _fetch.is_local(registry):
        return ["latest"]
    return [str(tag) for tag in _rows(await _read(f"{registry}/{name}/tags/list"), "tags")]


@answers("POST", "/nodes/{node}/storage/{storage}/oci-registry-pull")
def pull(call: Call) -> str:
    reference = call.text("reference")
    registry, name, tag = _split(reference)
    filename = call.text("filename") or f"{name.rpartition('/')[2]}_{tag}"
    filename = filename if filename.endswith(".tar") else f"{filename}.tar"
    place = _files.place(call, "vztmpl", filename, any_ending=True)

    async def work(work: _tasks.Work) -> None:
        work.log(f"pulling docker://{reference} to {place.path}")
        if call.cluster.volume(f"{place.storage}:{place.name}", place.node):
            die(f"refusing to override existing file '{place.path}'")
        size = _MADE_UP
        if _fetch.is_local(registry):
            size = await _weigh(work, f"{registry}/{name}", tag)
        else:
            await work.takes(_MADE_UP / 50e6)
        await _files.store(call.cluster, place, size, b"", b"")
        work.log(f"finished pulling '{reference}'")

    return call.fork("ociregistrypull", place.name.partition("/")[2], work)


async def _weigh(work: _tasks.Work, repository: str, tag: str) -> int:
    """Fetch an image's layers; answers their size in bytes. Of several architectures, the nodes' own is taken."""
    manifest = await _read(f"{repository}/manifests/{tag}")
    if "manifests" in manifest:
        fitting = [m for m in _rows(manifest, "manifests") if _architecture(m) == _ARCHITECTURE]
        if not fitting:
            die(f"no image found in manifest list for architecture {_ARCHITECTURE}")
        manifest = await _read(f"{repository}/manifests/{_digest(fitting[0])}")
    if "layers" not in manifest:
        die(f"the manifest of '{tag}' names no layers")
    size = 0
    for blob in [*_rows(manifest, "layers"), *([manifest["config"]] if "config" in manifest else ())]:
        digest = _digest(blob)
        work.log(f"Copying blob {digest}")
        size += await _layer(f"{repository}/blobs/{digest}", digest)
    return size


def _rows(document: dict[str, Any], key: str) -> list[Any]:
    """A list of a document; registries say null where they have nothing."""
    rows = document.get(key) or []
    return rows if isinstance(rows, list) else die(f"'{key}' of a registry's answer is no list")


def _architecture(manifest: Any) -> Any:
    platform = manifest.get("platform") if isinstance(manifest, dict) else None
    return platform.get("architecture") if isinstance(platform, dict) else None


def _digest(named: Any) -> str:
    digest = named.get("digest") if isinstance(named, dict) else None
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        die(f"a manifest names something by the invalid digest {digest!r}")
    return digest


async def _layer(url: str, digest: str) -> int:
    algorithm, _, expected = digest.partition(":")
    try:
        async with _fetch.request("GET", url) as answer:
            got = await _fetch.receive(answer, algorithm=algorithm)
    except FetchError as error:
        die(f"fetching {url} failed: {error}")
    if got.checksum != expected:
        die(f"digest of {url} does not match: '{got.checksum}'")
    return got.size
