"""A node that wants to join asks the cluster: is it there, is it the one that was meant, is the password right?"""

from __future__ import annotations

from urllib.parse import quote

import aiohttp

from proxmox_mpc.simulator._errors import die
from proxmox_mpc.simulator._tasks import Work
from proxmox_mpc.simulator.answers.storage import _fetch

# Where the API of a node listens; another port may be named behind the host, which PVE does not know.
_PORT = 8006
_TIMEOUT = aiohttp.ClientTimeout(total=20, sock_connect=5)


async def knock(work: Work, host: str, fingerprint: str, password: str) -> None:
    """Log in at the cluster and read what it tells those who join. Raises what is wrong."""
    place = host if ":" in host else f"{host}:{_PORT}"
    url = f"https://{place}/api2/json"
    if not _fetch.is_local(url):
        die(f"500 Can't connect to {place} (No route to host)")
    trust = aiohttp.Fingerprint(bytes.fromhex(fingerprint.replace(":", "")))
    form = {"username": "root@pam", "password": password}
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            async with session.post(f"{url}/access/ticket", data=form, ssl=trust, allow_redirects=False) as answer:
                if answer.status != 200:
                    die(f"{answer.status} {answer.reason}")
                ticket = (await answer.json())["data"]["ticket"]
            work.log("Login succeeded.", "Request addition of this node")
            cookie = {"Cookie": f"PVEAuthCookie={quote(ticket, safe='')}"}
            async with session.get(
                f"{url}/cluster/config/join", headers=cookie, ssl=trust, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    die(f"{answer.status} {answer.reason}")
    except aiohttp.ServerFingerprintMismatch:
        die(f"fingerprint '{fingerprint}' not verified, abort!")
    except (aiohttp.ClientError, OSError, TimeoutError, KeyError, TypeError, ValueError) as error:
        die(f"500 Can't connect to {place} ({error})")
