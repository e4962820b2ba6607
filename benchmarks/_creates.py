"""The floor of creations: as many at a time as nodes take, asked with nothing but aiohttp. Knows nothing of ours."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp

AT_A_NODE = 4
"""PVE's default for tasks at a time on a node (`max_workers`)."""
LOOK_AGAIN_S = 0.02
"""Sooner than anybody would ask a real node: here it must cost no time."""


async def main(asked: dict[str, Any]) -> None:
    waiting: dict[str, list[int]] = {node: [] for node in asked["nodes"]}
    for number in range(asked["count"]):
        waiting[asked["nodes"][number % len(asked["nodes"])]].append(asked["first"] + number)
    async with aiohttp.ClientSession(asked["url"], headers=asked["headers"]) as session:
        workers = (work(session, node, vmids) for node, vmids in waiting.items() for _ in range(AT_A_NODE))
        await asyncio.gather(*workers)


async def work(session: aiohttp.ClientSession, node: str, vmids: list[int]) -> None:
    while vmids:
        vmid = vmids.pop()
        form = {"vmid": vmid, "name": f"bare-{vmid}", "memory": 512, "scsi0": "local-lvm:1"}
        async with session.post(f"/api2/json/nodes/{node}/qemu", data=form) as answer:
            upid = (await answer.json())["data"]
        print(f"create {vmid}", file=sys.stderr)
        while True:
            async with session.get(f"/api2/json/nodes/{node}/tasks/{upid}/status") as answer:
                status = (await answer.json())["data"]
            if status["status"] == "stopped":
                assert status["exitstatus"] == "OK", status
                print(f"created {vmid}", file=sys.stderr)
                break
            await asyncio.sleep(LOOK_AGAIN_S)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        asyncio.run(main(json.load(file)))
