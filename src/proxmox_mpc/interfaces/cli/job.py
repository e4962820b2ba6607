"""job: what is done in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from proxmox_mpc.interfaces.cli import _options

if TYPE_CHECKING:
    from proxmox_mpc.actions._work import JobView


@click.group("job")
def command() -> None:
    """Work in the background: what is done, how far it is, how it ended."""


@command.command("list")
@_options.output
@click.option("--state", default="", metavar="STATE", help="queued, running, succeeded, failed or cancelled.")
@click.option("--action", default="", metavar="ACTION", help="Only of this action.")
@click.option("--on", "subject", default="", metavar="TEXT", help="Only on this, such as 'application web'.")
@click.option("--for", "actor", default="", metavar="USER", help="Only for this user.")
@click.option("--limit", default=25, show_default=True, type=click.IntRange(1, 1000), metavar="N", help="At the most.")
def list_(output: str, state: str, action: str, subject: str, actor: str, limit: int) -> None:
    """List jobs, the newest first."""
    from pydantic import ValidationError

    from proxmox_mpc.actions.job_list import JobListRequest, job_list
    from proxmox_mpc.errors import UsageError
    from proxmox_mpc.interfaces.cli import _jobs
    from proxmox_mpc.interfaces.cli._run import call

    try:
        request = JobListRequest(state=state, action=action, subject=subject, actor=actor, limit=limit)
    except ValidationError:
        known = "queued, running, succeeded, failed, cancelled"
        raise UsageError(f"there is no state {state!r}", hint=f"known: {known}") from None
    click.echo(_jobs.render(output, call(job_list, request).items, None))


@command.command("get")
@click.argument("id")
@_options.output
def get(id: str, output: str) -> None:
    """Show a job; with -o json also what came of it."""
    from proxmox_mpc.actions.job_get import JobGetRequest, job_get
    from proxmox_mpc.interfaces.cli._run import call

    _show(call(job_get, JobGetRequest(id=id)), output)


@command.command("logs")
@click.argument("id")
@click.option("-f", "--follow", is_flag=True, help="Go on until the job has ended.")
def logs(id: str, follow: bool) -> None:
    """Show the lines that a job told."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.actions.job_logs import JobLogsRequest, job_logs
    from proxmox_mpc.interfaces.cli import _jobs
    from proxmox_mpc.interfaces.cli._run import within

    async def work(session: Session) -> None:
        if follow:
            await _jobs.follow(session, id)
            return
        after = 0
        while (page := await job_logs(session, JobLogsRequest(id=id, after=after))).items:
            for line in page.items:
                click.echo(_jobs.shown(line.at, line.text, line.facts))
            after = page.after

    within(work)


@command.command("cancel")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
def cancel(ids: tuple[str, ...]) -> None:
    """Cancel jobs: those that run stop once the cluster has done what it is at."""
    from proxmox_mpc.actions.job_cancel import JobCancelRequest, job_cancel
    from proxmox_mpc.interfaces.cli._run import call

    for id in ids:
        job = call(job_cancel, JobCancelRequest(id=id))
        click.echo(f"{job.id} is {'cancelled' if job.state == 'cancelled' else 'asked to stop'}")


@command.command("retry")
@click.argument("id")
def retry(id: str) -> None:
    """Let a job that failed or was cancelled go on from where it was left."""
    from proxmox_mpc.actions.job_retry import JobRetryRequest, job_retry
    from proxmox_mpc.interfaces.cli._run import call

    job = call(job_retry, JobRetryRequest(id=id))
    click.echo(f"{job.id} is queued: proxmox-cli job wait {job.id}")


@command.command("wait")
@click.argument("id")
@_options.output
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer than that.")
def wait(id: str, output: str, timeout: float | None) -> None:
    """Wait until a job has ended; exit code as the action's own would be."""
    from proxmox_mpc.actions._session import Session
    from proxmox_mpc.interfaces.cli import _jobs
    from proxmox_mpc.interfaces.cli._run import within

    async def work(session: Session) -> JobView:
        return await _jobs.until_ended(session, id, timeout)

    job = within(work)
    _show(job, output)
    if job.state != "succeeded":
        raise SystemExit(int((job.error or {}).get("exitCode", 1)))


def _show(job: JobView, output: str) -> None:
    from proxmox_mpc.interfaces.cli import _jobs

    if output == "table":
        click.echo(_jobs.described(job))
    else:
        click.echo(_jobs.render(output, [job], job.model_dump(mode="json", by_alias=True)))
