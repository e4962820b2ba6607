"""Write down what lives as manifests: one clean file per object, which plan to nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import yaml
from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._views import manifest
from proxmox_mpc.errors import MpcError, UnreachableError
from proxmox_mpc.kinds import all_kinds, find_kind
from proxmox_mpc.kinds._kind import Key, Kind, Live, View

# What stands in a path instead of what a file system or Git would stumble over.
_PLAIN = re.compile(r"[^A-Za-z0-9._@-]+")


class ExportManifestsRequest(Request):
    """Which objects."""

    kinds: list[str] = Field([], description="Kinds, by any of their names; all when empty.")
    namespace: str = Field("", description="Only this namespace, and no cluster-wide kinds; all when empty.")


class FileView(Result):
    """One manifest: where a person would keep it, and its text."""

    path: str
    kind: str
    name: str
    content: str


class ExportManifestsResult(Result):
    """The manifests, ordered by path, and what could not be read."""

    context: str
    files: list[FileView]
    left_out: list[str]


@action(permission="resources:read", route="GET /manifests")
async def export_manifests(session: Session, request: ExportManifestsRequest) -> ExportManifestsResult:
    """Write down what lives as manifests, without defaults, secrets, and what the server made up."""
    kinds = [find_kind(word) for word in request.kinds] or list(all_kinds())
    view, context = await session.view(), await session.context()
    await view.pve.version()  # an unreachable cluster says so once
    results = await asyncio.gather(*(_of_kind(view, kind, request.namespace) for kind in kinds))
    files = [file for found, _ in results for file in found]
    return ExportManifestsResult(
        context=context.name,
        files=sorted(files, key=lambda file: file.path),
        left_out=[line for _, lines in results for line in lines],
    )


async def _of_kind(view: View, kind: Kind, namespace: str) -> tuple[list[FileView], list[str]]:
    """The manifests of a kind, and what of it is not among them."""
    try:
        rows = [
            live
            for live in await kind.driver.rows(view)
            if kind.exported(live) and (not namespace or (kind.namespaced and live.key.namespace == namespace))
        ]
        lives = await kind.driver.detail(view, rows)
    except UnreachableError:
        raise
    except MpcError as error:
        return [], [f"{kind.plural}: {str(error).partition(chr(10))[0]}"]
    by_key: dict[Key, list[Live]] = {}
    for live in lives:
        by_key.setdefault(live.key, []).append(live)
    files, left_out = [], []
    for key, same in sorted(by_key.items()):
        if len(same) > 1:
            ids = ", ".join(" ".join(map(str, live.identity.values())) for live in same)
            left_out.append(f"{key}: {len(same)} objects have this name ({ids}); rename all but one")
            continue
        document = manifest(kind, same[0])
        if not kind.always_there or "spec" in document:
            path = _path(kind, key.namespace, key.name)
            files.append(FileView(path=path, kind=kind.name, name=key.name, content=_text(document)))
    return files, left_out


def _path(kind: Kind, namespace: str, name: str) -> str:
    folder = namespace if kind.namespaced else "cluster"
    return "/".join(_PLAIN.sub("-", part) for part in (folder, kind.plural, name)) + ".yaml"


def _text(document: dict[str, Any]) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120))
