"""Telling webhooks what happens: signed, in order, again until it is taken; by one process at a time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from proxmox_mpc.bootstrap.fetching import connector_to
from proxmox_mpc.errors import MpcError
from proxmox_mpc.telemetry import Logger

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background
    from proxmox_mpc.store import Message
    from proxmox_mpc.store.webhooks import Webhook

PATIENCE_S = 10.0
"""How long a receiver may take: it is to note what it is told, and to work afterwards."""
MOST = 50
"""Messages that are read at once for one receiver."""
LOOK_S = 5.0
"""How soon it is seen that a receiver was added, or is to be tried again."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(hours=1)
_log = Logger("webhooks")


@dataclass
class Telling:
    """What tells webhooks, in the process that leads."""

    background: Background

    async def run(self) -> None:
        """Tell until it is cancelled."""
        wakeups, store = self.background.bus.wakeups, self.background.store
        at_work: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                count, now = wakeups.count("messages"), self.background.now()
                try:
                    hooks = [hook for hook in await store.webhooks.list() if _is_due(hook, now)]
                except Exception as error:
                    _log.error("webhooks cannot be read; trying again", why=str(error) or type(error).__name__)
                    hooks = []
                # Each at its own pace: one that dawdles keeps nobody else waiting.
                for hook in hooks:
                    if hook.name not in at_work or at_work[hook.name].done():
                        at_work[hook.name] = asyncio.create_task(self._all(hook))
                await wakeups.after("messages", count, LOOK_S)
        finally:
            for task in at_work.values():
                task.cancel()
            await asyncio.gather(*at_work.values(), return_exceptions=True)

    async def _all(self, hook: Webhook) -> None:
        """Tell a receiver until it has heard everything, or does not take it."""
        try:
            while await self.tell(hook):
                hook = await self.background.store.webhooks.get(hook.name)
                if not _is_due(hook, self.background.now()):
                    return
        except MpcError as error:
            _log.info("a webhook is told nothing more", webhook=hook.name, why=str(error))

    async def tell(self, hook: Webhook) -> bool:
        """Tell a receiver what it was not told yet; whether it took anything."""
        store, taken = self.background.store, 0
        for message in await store.messages.read(hook.last_id, rooms=hook.rooms, limit=MOST):
            problem = await self.deliver(hook, _content(message), str(message.id), message.type)
            if problem:
                pause = min(FIRST_PAUSE * 2 ** min(hook.failures, 20), LONGEST_PAUSE)
                await store.webhooks.failed(hook, problem, self.background.now() + pause)
                _log.warning("a webhook did not take a message", webhook=hook.name, why=problem, again_in=str(pause))
                return bool(taken)
            taken += 1
            if not await store.webhooks.delivered(hook, message.id):
                break  # it was changed meanwhile, or another process tells it
            hook = replace(hook, failures=0)
        return bool(taken)

    async def deliver(self, hook: Webhook, content: str, delivery: str, event: str) -> str:
        """Send one message; why it was not taken, or nothing. What is answered is not looked at: it is not ours."""
        import aiohttp

        stamp = str(int(self.background.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "proxmox-mpc",
            "X-Proxmox-MPC-Event": event,
            "X-Proxmox-MPC-Delivery": delivery,
            "X-Proxmox-MPC-Timestamp": stamp,
            "X-Proxmox-MPC-Signature": f"v1={signature(hook.secret, stamp, content)}",
        }
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            connector = await connector_to(hook.url, self.background.serving.outbound, "content")
            async with (
                aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
                http.post(hook.url, data=content.encode(), headers=headers, allow_redirects=False) as answer,
            ):
                return "" if answer.status < 300 else f"it answers {answer.status}"
        except MpcError as error:
            return error.message
        except TimeoutError:
            return f"no answer within {PATIENCE_S:g} s"
        except aiohttp.ClientConnectorDNSError:
            return "nobody knows that host"
        except aiohttp.ClientSSLError:
            return "its certificate is not trusted"
        except aiohttp.ClientConnectorError:
            return "nobody listens there"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return f"it cannot be reached ({type(error).__name__})"


def signature(secret: str, stamp: str, content: str) -> str:
    """What proves that we sent it, and when: HMAC-SHA256 over time stamp, a dot, and the body, as hex."""
    return hmac.new(secret.encode(), f"{stamp}.{content}".encode(), hashlib.sha256).hexdigest()


def _content(message: Message) -> str:
    return json.dumps({**message.__dict__, "at": message.at.isoformat()}, ensure_ascii=False)


def _is_due(hook: Webhook, now: datetime) -> bool:
    # Without its secret, whose key another process has, nothing can be signed.
    return hook.enabled and bool(hook.secret) and (hook.not_before is None or hook.not_before <= now)
