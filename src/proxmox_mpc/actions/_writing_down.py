"""What lives, as manifests: what export and adopt share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import yaml

from proxmox_mpc.actions._action import Result
from proxmox_mpc.actions._views import manifest
from proxmox_mpc.actions.get import GetRequest, NoSuchObject, require_named, select
from proxmox_mpc.errors import MpcError, UnreachableError
from proxmox_mpc.kinds import all_kinds, find_kind
from proxmox_mpc.kinds._kind import Key, Kind, Live, View

# What stands in a path instead of what a file system or Git would stumble over.
_PLAIN = re.compile(r"[^A-Za-z0-9._@-]+")


class FileView(Result):
    """One manifest: where a person would keep it, and its text."""

    path: str
    kind: str
    name: str
    content: str


async def write_down(
    view: View, kinds: Sequence[str], names: Sequence[str] = (), namespace: str = "", selector: str = ""
) -> tuple[list[FileView], list[str]]:
    """The manifests of these objects, ordered by path, and what could not be written down; no kinds are all.

    Without names, what every cluster has by itself is not among them. With a namespace, cluster-wide kinds are not.
    """
    found = [find_kind(word) for word in kinds] or list(all_kinds())
    await view.pve.version()  # an unreachable cluster says so once
    results = await asyncio.gather(
        *(
            of_kind(view, kind, GetRequest(kind=kind.name, names=list(names), namespace=namespace, selector=selector))
            for kind in found
            if kind.namespaced or not namespace
        )
    )
    files = sorted((file for found, _ in results for file in found), key=lambda file: file.path)
    return files, [line for _, lines in results for line in lines]


async def of_kind(view: View, kind: Kind, wanted: GetRequest) -> tuple[list[FileView], list[str]]:
    """The manifests of a kind, and what of it is not among them."""
    try:
        chosen = select(await kind.driver.rows(view), wanted)
        require_named(chosen, kind, wanted)
        lives = await kind.driver.detail(view, [live for live in chosen if wanted.names or kind.exported(live)])
    except (UnreachableError, NoSuchObject):
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
