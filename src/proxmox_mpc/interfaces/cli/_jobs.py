"""How jobs are printed, and waited for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from proxmox_mpc.actions._session import Session
from proxmox_mpc.actions._work import JobView
from proxmox_mpc.interfaces.cli import _output

TITLES = ["ID", "STATE", "ACTION", "ON", "FOR", "CREATED", "TOOK", "TRIES"]
_COLORS = {"succeeded": "green", "failed": "red", "running": "cyan", "cancelled": "yellow"}


def render(output: str, items: Sequence[JobView], document: Any) -> str:
    """Jobs in the form that `-o` asks for."""
    page = [item.model_dump(mode="json", by_alias=True) for item in items]
    return _output.render(
        output,
        document=lambda: document if document is not None else page,
        items=lambda: page,
        names=lambda: [item.id for item in items],
        titles=[*TITLES, *(["CONTEXT", "WORKER", "ERROR"] if output in ("wide", "csv") else [])],
        rows=[_row(item, wide=output in ("wide", "csv")) for item in items],
        empty="no jobs",
    )


def _row(job: JobView, *, wide: bool) -> list[Any]:
    more = [job.context, job.worker, (job.error or {}).get("detail", "")] if wide else []
    return [
        job.id,
        job.state,
        _doing(job),
        job.subject or "-",
        job.actor,
        moment(job.created_at),
        _took(job),
        job.attempt,
        *more,
    ]


def _doing(job: JobView) -> str:
    return f"{job.action} (preview)" if job.preview else job.action


def moment(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}" if at is not None else "-"


def _took(job: JobView) -> str:
    if job.started_at is None or job.ended_at is None:
        return "-"
    return f"{(job.ended_at - job.started_at).total_seconds():.1f} s"


def described(job: JobView) -> str:
    """One job, for people."""
    rows = [
        ("job", job.id),
        (
            "state",
            click.style(job.state, fg=_COLORS.get(job.state))
            + (" (to stop)" if job.cancel_requested and not job.ended_at else ""),
        ),
        ("action", f"{_doing(job)} {job.subject}".strip()),
        ("for", f"{job.actor}, on {job.context or 'no context'}"),
        ("created", moment(job.created_at)),
        (
            "begun",
            f"{moment(job.started_at)}, for the {job.attempt}. time of {job.max_attempts}" if job.attempt else "-",
        ),
        ("ended", f"{moment(job.ended_at)} ({_took(job)})" if job.ended_at else "-"),
        ("worker", job.worker or "-"),
        ("progress", json.dumps(job.progress, ensure_ascii=False) if job.progress else "-"),
    ]
    if job.error:
        rows.append(("error", f"{job.error.get('detail', '')} ({job.error.get('code', '')})"))
        rows += [("hint", job.error["hint"])] if job.error.get("hint") else []
    if job.result is not None:
        rows.append(("result", f"proxmox-cli job get {job.id} -o json"))
    return lines(rows)


def lines(rows: Sequence[tuple[str, str]]) -> str:
    """Names and values, one below the other."""
    return "\n".join(f"{click.style(f'{name}:'.ljust(12), bold=True)} {value}" for name, value in rows)


async def until_ended(session: Session, id: str, timeout_s: float | None) -> JobView:
    """The job once it has ended, or as it is when the time is over."""
    import asyncio

    from proxmox_mpc.actions.job_wait import JobWaitRequest, job_wait

    loop = asyncio.get_running_loop()
    until = loop.time() + timeout_s if timeout_s is not None else None
    while True:
        left = 30.0 if until is None else min(30.0, max(until - loop.time(), 0.0))
        job = await job_wait(session, JobWaitRequest(id=id, timeout_s=left))
        if job.ended_at is not None or (until is not None and loop.time() >= until):
            return job


async def follow(session: Session, id: str) -> None:
    """Print a job's lines as they come, until it has ended."""
    import asyncio

    from proxmox_mpc.actions.job_logs import JobLogsRequest, job_logs

    after = 0
    while True:
        page = await job_logs(session, JobLogsRequest(id=id, after=after))
        for line in page.items:
            click.echo(shown(line.at, line.text, line.facts))
        if page.state in ("succeeded", "failed", "cancelled") and not page.items:
            return
        after = page.after
        if not page.items:
            await asyncio.sleep(0.5)


def shown(at: datetime, text: str, facts: dict[str, Any]) -> str:
    """A line of a job's log."""
    about = f"{facts.get('kind', '')} {facts.get('namespace', '')}/{facts.get('name', '')}".strip(" /")
    what = " ".join(
        str(facts[name]) for name in ("what", "verb", "action") if facts.get(name) and facts[name] != "none"
    )
    return " ".join(part for part in (f"{at.astimezone():%H:%M:%S}", about, what, text) if part)
