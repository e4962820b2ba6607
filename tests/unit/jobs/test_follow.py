"""Following a job: what it tells is heard when it is told, and not by asking again and again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from proxmox_mpc.actions import job_follow as following
from proxmox_mpc.actions._access import Access, Who
from proxmox_mpc.actions.job_follow import JobFollowRequest, job_follow
from proxmox_mpc.bootstrap.background import open_background
from proxmox_mpc.jobs.reporter import Reporter
from proxmox_mpc.settings import Settings
from tests.unit.jobs.conftest import add


async def test_what_a_job_tells_is_heard_at_once_and_hardly_anything_is_asked_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LOOK_S", 60.0)
    asked: list[str] = []

    def count(*given: object) -> None:
        asked.append(str(given[2]))

    async with open_background(Settings.load({"PROXMOX_MPC_HOME": str(tmp_path)})) as parts:
        job = await add(parts.store)
        who = Who("ann", Access.everything())
        after = await parts.store.messages.last_id()
        event.listen(Engine, "before_cursor_execute", count)
        try:
            async with parts.session(who, "") as session:
                request = JobFollowRequest(id=job.id, after=after, wait_s=20)
                task = asyncio.ensure_future(job_follow(session, request))
                await asyncio.sleep(0.6)
                assert len([one for one in asked if one.startswith("SELECT")]) < 5, asked
                assert not task.done()
                reporter = Reporter(job, parts.bus)
                reporter.log("a line")
                await reporter.flush()
                heard = await asyncio.wait_for(task, 5)
        finally:
            event.remove(Engine, "before_cursor_execute", count)
        assert [one.payload["text"] for one in heard.items] == ["a line"]
