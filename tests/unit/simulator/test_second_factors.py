"""Second factors: made, asked for at log-in, locked after too many wrong answers."""

from __future__ import annotations

import asyncio
import base64
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from proxmoxer import ProxmoxAPI

from proxmox_mpc.simulator import Simulator, SteppedClock
from tests.unit.simulator.api import Answer, Api, running

SECRET = b"twenty bytes or more"
URI = f"otpauth://totp/sim:amy?secret={base64.b32encode(SECRET).decode()}&period=30&digits=6&algorithm=SHA1"
PASSWORD = "correct-horse"


def code(now: float) -> str:
    return TOTP(SECRET, 6, SHA1(), 30, enforce_key_length=False).generate(int(now)).decode()


async def amy(api: Api) -> Api:
    root = await api.as_root()
    await root.do("POST", "/access/users", userid="amy@pve", password=PASSWORD)
    return await api.as_user("amy@pve", PASSWORD)


async def add_totp(caller: Api, **more: Any) -> Answer:
    now = caller.sim.cluster.now()
    form = {"type": "totp", "totp": URI, "value": code(now), "description": "phone", "password": PASSWORD}
    return await caller.call("POST", "/access/tfa/amy@pve", **{**form, **more})


async def log_in(api: Api, **form: Any) -> Answer:
    """Ask for a ticket; a wrong answer costs seconds, which the clock is given."""
    asking = asyncio.create_task(
        Api(api.sim, api.session, {}).call("POST", "/access/ticket", username="amy@pve", **form)
    )
    while not asking.done():
        await asyncio.sleep(0.002)
        if isinstance(api.sim.cluster.clock, SteppedClock):
            await api.sim.cluster.clock.pass_time(1)
    return await asking


async def test_a_code_is_asked_for_and_taken_once() -> None:
    clock = SteppedClock()
    async with running(clock=clock) as api:
        user = await amy(api)
        assert (await add_totp(user, value="000000")).reason == "failed to verify TOTP challenge"
        assert (await add_totp(user, password="wrong-horse")).status == 401
        assert "password" in (await user.call("POST", "/access/tfa/amy@pve", type="recovery")).errors
        entry = (await add_totp(user)).data["id"]
        (row,) = await user.get("/access/tfa/amy@pve")
        assert (row["id"], row["type"], row["description"]) == (entry, "totp", "phone")
        assert "secret" not in str(row)
        await clock.pass_time(60)
        half = (await log_in(api, password=PASSWORD)).data
        assert half["NeedTFA"] == 1
        cookie = {"Cookie": f"PVEAuthCookie={half['ticket']}"}
        assert (await Api(api.sim, api.session, cookie).call("GET", "/version")).status == 401
        answer = {"tfa-challenge": half["ticket"], "password": f"totp:{code(clock.now())}"}
        whole = (await log_in(api, **answer)).data
        assert "NeedTFA" not in whole
        assert (await log_in(api, **answer)).status == 401, "a code is good for one log-in"
        renewed = (await log_in(api, password=whole["ticket"])).data
        assert "NeedTFA" not in renewed


async def test_too_many_wrong_codes_lock_until_somebody_unlocks() -> None:
    clock = SteppedClock()
    async with running(clock=clock) as api:
        root = await api.as_root()
        await add_totp(await amy(api))
        half = (await log_in(api, password=PASSWORD)).data["ticket"]
        for _ in range(8):
            assert (await log_in(api, password="totp:000000", **{"tfa-challenge": half})).status == 401
        await clock.pass_time(60)
        right = {"tfa-challenge": half, "password": f"totp:{code(clock.now())}"}
        assert (await log_in(api, **right)).status == 401
        (row,) = await root.get("/access/tfa")
        assert row["totp-locked"] == 1
        await root.do("PUT", "/access/users/amy@pve/unlock-tfa")
        assert (await log_in(api, **{**right, "password": f"totp:{code(clock.now())}"})).status == 200


async def test_a_recovery_key_works_once(api: Api) -> None:
    user = await amy(api)
    made = await user.do("POST", "/access/tfa/amy@pve", type="recovery", password=PASSWORD)
    assert len(made["recovery"]) == 10
    again = await user.call("POST", "/access/tfa/amy@pve", type="recovery", password=PASSWORD)
    assert again.reason == "user already has recovery keys"
    half = (await log_in(api, password=PASSWORD)).data["ticket"]
    key = {"tfa-challenge": half, "password": f"recovery:{made['recovery'][3]}"}
    assert (await log_in(api, **key)).status == 200
    assert (await log_in(api, **key)).status == 401
    await user.do("DELETE", "/access/tfa/amy@pve/recovery", password=PASSWORD)
    assert "NeedTFA" not in (await log_in(api, password=PASSWORD)).data


async def test_a_disabled_factor_is_not_asked_for(api: Api) -> None:
    user = await amy(api)
    entry = (await add_totp(user)).data["id"]
    await user.do("PUT", f"/access/tfa/amy@pve/{entry}", enable=0, description="old", password=PASSWORD)
    assert await user.get(f"/access/tfa/amy@pve/{entry}") | {"enable": 0, "description": "old"} == await user.get(
        f"/access/tfa/amy@pve/{entry}"
    )
    assert "NeedTFA" not in (await log_in(api, password=PASSWORD)).data


async def test_devices_are_challenged_and_refused(api: Api) -> None:
    root = await api.as_root()
    form = {"type": "webauthn", "description": "key"}
    assert (await root.call("POST", "/access/tfa/root@pam", **form)).reason == "webauthn not configured"
    await root.do("PUT", "/cluster/options", webauthn="id=pve.example,origin=https://pve.example,rp=pve")
    challenge = (await root.do("POST", "/access/tfa/root@pam", **form))["challenge"]
    assert '"rp": {"id": "pve.example"' in challenge
    refused = await root.call("POST", "/access/tfa/root@pam", **form, challenge=challenge, value="{}")
    assert "knows no devices" in refused.reason
    assert (await root.call("POST", "/access/tfa/root@pam", type="yubico", value="x")).status == 500


async def test_proxmoxer_logs_in_with_a_code() -> None:
    async with Simulator() as sim:
        from aiohttp import ClientSession

        async with ClientSession() as session:
            api = Api(sim, session, {})
            await add_totp(await amy(api))
        second = sim.cluster.access.users["amy@pve"].second

        def nodes() -> list[str]:
            second.factors[0].last_period = 0
            options = {"user": "amy@pve", "password": PASSWORD, "otp": code(sim.cluster.now()), "verify_ssl": False}
            place = urlsplit(sim.url)
            pve = ProxmoxAPI(str(place.hostname), port=place.port, **options)
            return [row["node"] for row in pve.nodes.get()]

        assert await asyncio.to_thread(nodes) == list(sim.cluster.nodes)
