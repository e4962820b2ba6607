"""Reads that may fail: what cannot be read is left out of the twin, and named once, however often it failed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from proxmox_mpc.generators.twin import _secrets, _text
from proxmox_mpc.pve import NotSupported, PveError

if TYPE_CHECKING:
    from proxmox_mpc.pve import Cluster, Facts

T = TypeVar("T")
R = TypeVar("R")
Row = Mapping[str, Any]
Asked = dict[str, Any]
"""A request of the seed: `method`, `path` and `params`."""

# So many objects are read at once; the client bounds the requests, this bounds what waits for it.
_AT_ONCE = 200


@dataclass
class Reader:
    """A cluster to read from. `tell` hears how far it is."""

    pve: Cluster
    api: Facts
    tell: Callable[[str], None]
    _failed: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def get(self, template: str, /, **params: Any) -> Any:
        """The data of a read, or None where it is not to be had."""
        if self.api.method("GET", template) is None:
            return None
        try:
            return await self.pve.get(template, params)
        except NotSupported:
            return None
        except PveError as error:
            reason = str(error).partition("\n")[0]
            for name, value in params.items():
                reason = reason.replace(str(value), f"{{{name}}}")
            self.leave_out(template, reason)
            return None

    async def rows(self, template: str, /, **params: Any) -> list[dict[str, Any]]:
        """The rows of a list; none where it is not to be had."""
        return list(await self.get(template, **params) or [])

    async def each(self, what: str, items: Sequence[T], read: Callable[[T], Awaitable[R]]) -> list[R]:
        """Read something of every item, many at once; `what` names them in the plural."""
        found: list[R] = []
        for start in range(0, len(items), _AT_ONCE):
            found += await asyncio.gather(*(read(item) for item in items[start : start + _AT_ONCE]))
            self.tell(f"{what}: {len(found):,} of {len(items):,}")
        return found

    def ask(self, verb: str, template: str, row: Row, /, **names: Any) -> Asked:
        """The request that makes of a row what it shows: those of its values that the method takes, never a secret.

        `names` fill the path's variables, and parameters that the row does not have under that name. A secret without
        which the request would be refused is replaced by a word that says so.
        """
        method = self.api.method(verb, template)
        assert method is not None, f"{verb} {template} is not in the API"
        values = {**row, **names}
        params = {
            name: _text.of(name, value)
            for name, value in values.items()
            if method.parameter(name) is not None
            and f"{{{name}}}" not in template
            and value is not None
            and not _secrets.is_secret(name)
            and name != "digest"
        }
        needed = (name for name, parameter in method.parameters.items() if parameter.required)
        params |= {name: _secrets.PLACEHOLDER for name in needed if _secrets.is_secret(name)}
        path = template
        for name, value in values.items():
            path = path.replace(f"{{{name}}}", str(value))
        return {"method": verb, "path": path, "params": {k: _secrets.blank(k, v) for k, v in params.items()}}

    def leave_out(self, what: str, why: str) -> None:
        """Note something that the twin will not have."""
        self._failed[what, why] += 1

    def left_out(self) -> list[str]:
        """What could not be read, a line each."""
        return [
            f"{what}: {why}" + (f" ({count:,} times)" if count > 1 else "")
            for (what, why), count in sorted(self._failed.items())
        ]
