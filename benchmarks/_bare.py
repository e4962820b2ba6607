"""The floor: import these libraries, then read these URLs with nothing but aiohttp. Knows nothing of the project."""

from __future__ import annotations

import importlib
import json
import sys


def main() -> None:
    with open(sys.argv[1]) as file:
        asked = json.load(file)
    for name in asked["modules"]:
        importlib.import_module(name)
    if asked["urls"]:
        import asyncio

        asyncio.run(_fetch(asked["urls"], asked["headers"]))


async def _fetch(urls: list[str], headers: dict[str, str]) -> None:
    import asyncio

    import aiohttp

    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def one(url: str) -> None:
            async with session.get(url) as answer:
                json.loads(await answer.read())

        await asyncio.gather(*(one(url) for url in urls))


CONNECTIONS = 16
"""As many as the product's own client keeps open to a cluster."""

if __name__ == "__main__":
    main()
