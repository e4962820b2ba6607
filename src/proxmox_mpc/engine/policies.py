"""What a manifest's annotations say about its resource: what may happen to it, and what never may.

Policies are remembered with what was applied, for they must also hold when the manifest is gone: that is when things
are deleted.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from proxmox_mpc.errors import MpcError
from proxmox_mpc.kinds._codec import Value
from proxmox_mpc.kinds._field import Impact
from proxmox_mpc.kinds._kind import Live, Owned, Resource

PREFIX = "proxmox.io/"
ALLOW, ADOPT = f"{PREFIX}allow", f"{PREFIX}adopt"
PROTECT, DELETION = f"{PREFIX}protect", f"{PREFIX}deletion-policy"
HELM_KEEP = "helm.sh/resource-policy"
"""Helm's own word for what stays when its release goes: charts bring it along."""
_PROTECTED, _RETAINED = "metadata.protect", "metadata.retain"
"""How policies stand among the fields that were applied."""


def word(impact: Impact) -> str:
    """The impact as it is written after `--allow` and in annotations."""
    return impact.name.lower().replace("_", "-")


WORDS: Mapping[str, tuple[str, ...]] = {
    ALLOW: tuple(word(impact) for impact in Impact if impact >= Impact.RESTART),
    ADOPT: ("true", "false"),
    PROTECT: ("true", "false"),
    DELETION: ("delete", "retain"),
}
"""Every policy, and what may stand there."""


def fields_of(annotations: Mapping[str, str], wrong: Callable[[str, str, str], MpcError]) -> dict[str, Value]:
    """The policies among annotations, as fields. `wrong` makes the error for one, its message and its hint.

    A word of ours that is misspelt is refused: somebody would rely on it.
    """
    for name, text in annotations.items():
        if not name.startswith(PREFIX):
            continue
        if name not in WORDS:
            close = difflib.get_close_matches(name, WORDS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(WORDS)}"
            raise wrong(name, "there is no such policy", hint)
        if text not in (known := WORDS[name]):
            raise wrong(name, f"{text!r} is none of its words", f"known: {', '.join(known)}")
    retained = annotations.get(DELETION) == "retain" or annotations.get(HELM_KEEP) == "keep"
    said = {_PROTECTED: annotations.get(PROTECT) == "true", _RETAINED: retained}
    return {field: True for field, on in said.items() if on}


def names_of(fields: Mapping[str, Value]) -> tuple[str, ...]:
    """The policies among fields, as marks name them: the cluster itself knows them, whatever becomes of a store."""
    return tuple(name for name, field in (("protect", _PROTECTED), ("retain", _RETAINED)) if fields.get(field) is True)


def allowed(resource: Resource) -> Impact:
    """The highest impact that may happen to a resource without being asked for."""
    text = resource.annotations.get(ALLOW, "")
    return next((impact for impact in Impact if word(impact) == text), Impact.NONE)


def adopts(resource: Resource) -> bool:
    """Whether it takes over an object that is there and that nobody owns."""
    return resource.annotations.get(ADOPT) == "true"


@dataclass(frozen=True)
class Policies:
    """What never happens to a resource: it is neither destroyed nor replaced; it stays when it is given up."""

    protected: bool = False
    retained: bool = False

    @classmethod
    def of(cls, resource: Resource | None, owned: Owned | None, live: Live | None = None) -> Policies:
        """Those of a manifest; where it is gone, those that were applied with it, or that the object's mark tells."""
        if resource is not None:
            said = names_of(resource.fields)
        else:
            said = names_of((owned.applied if owned else None) or {})
            said += live.mark.policies if live is not None and live.mark is not None else ()
        return cls("protect" in said, "retain" in said)
