"""What actions on webhooks share."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from proxmox_mpc.actions._action import Result

if TYPE_CHECKING:
    from proxmox_mpc.store.webhooks import Webhook


class WebhookView(Result):
    """A webhook, without its secret: where it is, what it is told, and whether it takes it."""

    name: str
    url: str
    rooms: list[str]
    enabled: bool
    last_id: int
    missed: int = Field(description="Messages that were forgotten before it took them.")
    failures: int
    not_before: datetime | None
    last_error: str

    @classmethod
    def of(cls, hook: Webhook) -> WebhookView:
        facts = {name: getattr(hook, name) for name in cls.model_fields if name != "rooms"}
        return cls(**facts, rooms=list(hook.rooms))
