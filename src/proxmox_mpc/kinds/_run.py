"""One resource's share of an apply: the only way in which drivers write to the cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from proxmox_mpc.kinds._codec import Fields
from proxmox_mpc.kinds._field import Impact

if TYPE_CHECKING:
    from proxmox_mpc.kinds._mark import Mark
    from proxmox_mpc.kinds._view import View


class Run(Protocol):
    """One resource's share of an apply: the only way in which drivers write to the cluster."""

    @property
    def view(self) -> View: ...

    @property
    def allow(self) -> Impact:
        """The highest impact that was allowed."""

    @property
    def applied(self) -> Fields:
        """What was applied last; nothing where the store does not know."""

    async def call(
        self,
        verb: str,
        template: str,
        params: Mapping[str, Any],
        *,
        title: str,
        makes: Mapping[str, Any] | None = None,
        told_once: str = "",
    ) -> Any:
        """Send one write, journalled before and after; an answered task is awaited. Raises when it failed.

        `makes` is the identity of the object that this request makes: it is remembered before it is sent, so that
        whatever happens then, the object is known. `told_once` is the part of the answer that is the object's secret:
        it is kept with the note that the answer came.
        """

    def remark(self, text: str) -> None:
        """Tell people something of this step that they have to know, although it did not fail."""

    async def upload(
        self,
        node: str,
        storage: str,
        content: str,
        source: str,
        filename: str,
        checksum: str | None,
        *,
        makes: Mapping[str, Any],
    ) -> None:
        """Upload a file of this machine to a storage, and wait for the task; `makes` as in `call`."""

    async def until(
        self, is_so: Callable[[], Awaitable[bool]], *, timeout_s: float, saying: str = "", every_s: float = 2.0
    ) -> bool:
        """Ask again and again, with pauses, until it is so; False where it is not in time. People read `saying`."""

    def seen_through(self) -> AbstractContextManager[None]:
        """Inside, a wish to stop is not heard: what is begun would be left worse than it was."""

    def lane(self, *names: str) -> AbstractAsyncContextManager[None]:
        """Hold bounded places (`node:pve1`, `clone:9000`, `storage:local-lvm`) while a long piece of work runs."""

    async def reserve_vmid(self, wanted: int | None, *, ahead: int = 0) -> int:
        """A VMID that nobody else in this store takes until it is used or the reservation ends.

        It is the next free one, or one that is so many `ahead` of it, out of others' way.
        """

    def mark(self, vmid: int | None = None) -> Mark:
        """The ownership mark for this resource."""
