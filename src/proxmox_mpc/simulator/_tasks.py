"""Runs tasks: a UPID at once, the work in the background, a log, an exit status."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from proxmox_mpc.simulator._errors import ApiError, as_task_text, die
from proxmox_mpc.simulator.state.cluster import Cluster
from proxmox_mpc.simulator.state.guest import Kind
from proxmox_mpc.simulator.state.task import Task, upid

# A time-out that the client chose is waited for even at time scale 0, but fifty times faster: long enough to be seen
# running (tasks-log, 9.1), short enough for tests.
_LEAST_WAIT_SCALE = 0.02

# PVE waits this long for a guest's lock file before it gives up (PVE::AbstractConfig, 9.1).
_LOCK_TIMEOUT_S = 10.0

# Finished tasks beyond this are forgotten, oldest first; PVE rotates its archive too.
_REMEMBERED = 5000


class Work:
    """What a running task may do: log, and take time."""

    def __init__(self, cluster: Cluster, task: Task) -> None:
        self.cluster = cluster
        self.task = task
        self.warnings = 0
        self.fault: str | None = None

    def fail_if_asked(self) -> None:
        """Where a task that shall fail does: at its first sign of work, so that it cleans up as after a real error."""
        if self.fault is not None:
            fault, self.fault = self.fault, None
            die(fault)

    def log(self, *lines: str) -> None:
        self.fail_if_asked()
        self.task.log.extend(lines)

    def warn(self, line: str) -> None:
        self.warnings += 1
        self.task.log.append(f"WARN: {line}")

    async def takes(self, seconds: float) -> None:
        """Work that lasts this long on real hardware."""
        self.fail_if_asked()
        self.task.work_s += seconds
        if self.cluster.time_scale:
            await self.cluster.clock.sleep(seconds)

    async def waits(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait for a guest to react, at most `seconds`; tells whether it did."""
        steps = 20
        for _ in range(steps):
            if until():
                return True
            self.task.work_s += seconds / steps
            await asyncio.sleep(seconds * max(self.cluster.time_scale, _LEAST_WAIT_SCALE) / steps)
        return until()


def unwatched(cluster: Cluster) -> Work:
    """A worker whose log nobody reads, for changes that are made within the request."""
    return Work(cluster, Task("", "", 0, 0, 0, "", "", ""))


Job = Callable[[Work], Awaitable[object] | object]


def start(cluster: Cluster, node: str, kind: str, name: str, user: str, work: Job) -> str:
    """Begin a task on a node; answers its UPID. The work starts after the request is answered."""
    now = cluster.now()
    pid, pstart = cluster.next_pid(), int((now - cluster.nodes[node].booted) * 100)
    made = upid(node, pid, pstart, int(now), kind, name, user)
    task = Task(made, node, pid, pstart, int(now), kind, name, user)
    cluster.tasks[made] = task
    if len(cluster.tasks) > _REMEMBERED:
        _forget_oldest(cluster)
    cluster.running[made] = asyncio.get_running_loop().create_task(_run(cluster, task, work))
    return made


def _forget_oldest(cluster: Cluster) -> None:
    for key in [k for k, t in cluster.tasks.items() if t.status is not None][: _REMEMBERED // 10]:
        del cluster.tasks[key]


async def _run(cluster: Cluster, task: Task, work: Job) -> None:
    doing = Work(cluster, task)
    try:
        doing.fault = cluster.task_fault(task)
        result = work(doing)
        if isinstance(result, Awaitable):
            await result
        doing.fail_if_asked()
        _end(cluster, task, f"WARNINGS: {doing.warnings}" if doing.warnings else "OK")
    except asyncio.CancelledError:
        _end(cluster, task, "received interrupt")
    except ApiError as error:
        _end(cluster, task, as_task_text(error))
    except Exception as error:
        _end(cluster, task, f"simulator: {type(error).__name__}: {error}")
        raise
    finally:
        cluster.running.pop(task.upid, None)


def _end(cluster: Cluster, task: Task, status: str) -> None:
    lines = status.split("\n")
    word = "OK" if status == "OK" else status if status.startswith("WARNINGS:") else f"ERROR: {lines[0]}"
    task.log.extend([f"TASK {word}", *lines[1:]])
    task.status = lines[0] if word.startswith("ERROR") else status
    task.endtime = int(cluster.now())
    cluster.note_change()


@asynccontextmanager
async def locked(cluster: Cluster, kind: Kind, vmid: int) -> AsyncIterator[None]:
    """Hold a guest's lock file; PVE's time-out error when another task keeps it too long."""
    file = f"/var/lock/qemu-server/lock-{vmid}.conf" if kind == "qemu" else f"/run/lock/lxc/pve-config-{vmid}.lock"
    lock = cluster.lock(file)
    try:
        await asyncio.wait_for(lock.acquire(), _LOCK_TIMEOUT_S * max(cluster.time_scale, _LEAST_WAIT_SCALE))
    except TimeoutError:
        die(f"can't lock file '{file}' - got timeout")
    try:
        yield
    finally:
        lock.release()
