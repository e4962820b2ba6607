"""Progress of an apply: a line per resource that lives while it works, plain lines where no terminal is."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

import click

from proxmox_mpc.engine.journal import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

DONE = {
    "create": "created",
    "update": "changed",
    "replace": "replaced",
    "delete": "deleted",
    "adopt": "adopted",
    "start": "started",
    "stop": "stopped",
    "shutdown": "shut down",
    "reboot": "rebooted",
    "reset": "reset",
    "suspend": "suspended",
    "resume": "resumed",
    "clone": "cloned",
    "migrate": "moved",
    "drain": "moved away",
    "uncordon": "brought back",
    "resize": "grown",
    "tag": "tagged",
    "template": "is a template",
    "snapshot": "has its snapshot",
    "snapshot delete": "lost its snapshot",
    "rollback": "rolled back",
    "backup": "backed up",
    "restore": "restored",
    "exec": "has run it",
    "twin": "copied",
}


class Show:
    """Use as a context manager and as the session's `report`. Everything goes to stderr: stdout is for results."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Show:
        return self

    def _start(self) -> Bars:
        """The bars, from the first thing that happens on: before it, the terminal belongs to questions."""
        from rich.console import Console
        from rich.progress import Progress as Bars
        from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

        bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.fields[resource]}", style="bold"),
            TextColumn("{task.description}", style="bright_black", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        bars.start()
        return bars

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, progress: Progress) -> None:
        name = str(progress.key)
        if not self._live:
            self._plain(name, progress)
            return
        if self._bars is None:
            self._bars = self._start()
        if progress.what == "started":
            self._tasks[name] = self._bars.add_task(
                f"{progress.verb or progress.action.value} …", total=None, resource=name
            )
        elif progress.what in ("request", "log") and name in self._tasks:
            self._bars.update(self._tasks[name], description=progress.text[:80])
        elif progress.what == "remark":
            self._bars.console.print(_ended(name, progress), highlight=False, markup=False)
        elif progress.what in ("done", "failed", "skipped"):
            if name in self._tasks:
                self._bars.remove_task(self._tasks.pop(name))
            self._bars.console.print(_ended(name, progress), highlight=False, markup=False)

    def _plain(self, name: str, progress: Progress) -> None:
        if progress.what in ("remark", "done", "failed", "skipped"):
            click.echo(_ended(name, progress), err=True)
        elif progress.what == "request":
            click.echo(f"  {name}: {progress.text}", err=True)


def _ended(name: str, progress: Progress) -> str:
    if progress.what == "done":
        done = progress.verb or progress.action.value
        word = DONE.get(done, done)
        return f"✓ {name} {word} ({progress.seconds:.1f} s)"
    if progress.what == "remark":
        return f"! {name}: {progress.text}"
    if progress.what == "skipped":
        return f"- {name}: {progress.text}"
    return f"✗ {name} failed: {progress.text.splitlines()[0] if progress.text else ''}"
