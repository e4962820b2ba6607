"""Long actions over HTTP: a job is kept and answered; who waits a while may get its result."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response

from proxmox_mpc.actions._access import Who
from proxmox_mpc.actions._action import Action
from proxmox_mpc.interfaces.api import problems

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.background import Background
    from proxmox_mpc.interfaces.api.idempotency import Begun
    from proxmox_mpc.store.job_records import Job

LONGEST_WAIT_S = 60.0
"""Seconds that an answer is held back for `Prefer: wait`: proxies between give up after a minute or so."""


async def as_job(
    request: Request, background: Background, who: Who, action: Action[Any, Any], asked: Any, context: str, begun: Begun
) -> Response:
    """202 with the job that does it; its result at once, where the client would wait and it ended in time."""
    job = await background.enqueue(who, action, asked, context)
    await begun(_accepted(job, {"Location": f"/api/v1/jobs/{job.id}"}))
    seconds = wait_of(request)
    if seconds:
        job = await background.wait_for(job.id, seconds)
    told = {"Location": f"/api/v1/jobs/{job.id}"}
    if seconds:
        told["Preference-Applied"] = f"wait={seconds:g}"
    if job.state == "succeeded":
        return Response(result_of(job), status_code=action.status, media_type="application/json", headers=told)
    if job.has_ended:
        return problems.response(dict(job.error or {}), told)
    return _accepted(job, told)


def _accepted(job: Job, headers: dict[str, str]) -> Response:
    from proxmox_mpc.actions._work import job_view

    body = job_view(job).model_dump_json(by_alias=True)
    return Response(body, status_code=202, media_type="application/json", headers=headers)


def wait_of(request: Request) -> float:
    """How many seconds the client would wait (RFC 7240), as far as that goes."""
    found = re.search(r"\bwait=(\d+)", request.headers.get("Prefer", ""))
    return min(float(found.group(1)), LONGEST_WAIT_S) if found else 0.0


def result_of(job: Job) -> str:
    import json

    return json.dumps(job.result or {}, ensure_ascii=False)
