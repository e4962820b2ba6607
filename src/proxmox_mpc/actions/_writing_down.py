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
from proxmox_mpc.engine.references import REFERENCE
from proxmox_mpc.errors import MpcError, UnreachableError
from proxmox_mpc.kinds import all_kinds, find_kind
from proxmox_mpc.kinds._kind import Key, Kind, Live, View
from proxmox_mpc.kinds._schema import HIDDEN

# What stands in a path instead of what a file system or Git would stumble over.
_PLAIN = re.compile(r"[^A-Za-z0-9._@-]+")


class FileView(Result):
    """One manifest: where a person would keep it, and its text."""

    path: str
    kind: str
    name: str
    content: str
    secrets: list[str] = []


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
        document = written_down(kind, same[0])
        if not kind.always_there or "spec" in document:
            path = _path(kind, key.namespace, key.name)
            named = sorted(_secrets(kind, same[0]).values())
            file = FileView(path=path, kind=kind.name, name=key.name, content=_text(document), secrets=named)
            files.append(file)
    return files, left_out


def written_down(kind: Kind, live: Live) -> dict[str, Any]:
    """An object's manifest, with references where it has secrets."""
    document = manifest(kind, live)
    for path, name in _secrets(kind, live).items():
        inside = document.setdefault("spec", {})
        *parents, last = path.split(".")
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[last] = {REFERENCE: name}
    return document


def _secrets(kind: Kind, live: Live) -> dict[str, str]:
    """The secrets of an object, as far as it shows that it has some: by path a name for each."""
    found: dict[str, str] = {}
    for path, leaf in kind.schema.leaves.items():
        if leaf.wire.secret and "*" not in path:
            beside, equals, value = leaf.wire.beside.partition("=")
            stands = beside in live.fields and (not equals or live.fields[beside] == value)
            if stands or live.fields.get(path) == HIDDEN:
                words = [
                    kind.name.lower(),
                    *([live.key.namespace] if kind.namespaced else []),
                    live.key.name,
                    leaf.name,
                ]
                found[path] = _PLAIN.sub("-", "-".join(words)).replace("@", "-")
    return found


def _path(kind: Kind, namespace: str, name: str) -> str:
    folder = namespace if kind.namespaced else "cluster"
    return "/".join(_PLAIN.sub("-", part) for part in (folder, kind.plural, name)) + ".yaml"


def _text(document: dict[str, Any]) -> str:
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120))
