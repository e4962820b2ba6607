"""/nodes/{node}/services: the daemons of a host. They run or they do not; nothing is behind them."""

from __future__ import annotations

from typing import Any

from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._registry import answers
from proxmox_mpc.simulator._tasks import Work

_PATH = "/nodes/{node}/services"
_ONE = _PATH + "/{service}"
# How long a daemon takes to start or stop.
_TAKES_S = 1.0


def _stopped(call: Call) -> set[str]:
    return set(call.node.settings.get("stopped-services", "").split())


def _show(call: Call, name: str) -> dict[str, Any]:
    is_running = name not in _stopped(call)
    return {
        "service": name,
        "name": name,
        "desc": name,
        "state": "running" if is_running else "dead",
        "active-state": "active" if is_running else "inactive",
        "unit-state": "enabled",
    }


@answers("GET", _PATH)
def listing(call: Call) -> Any:
    names = call.routes.method("GET", _ONE + "/state").parameters.facts("service")["enum"]
    return [_show(call, name) for name in names]


@answers("GET", _ONE)
def index(call: Call) -> Any:
    return [{"subdir": name} for name in ("state", "start", "stop", "restart", "reload")]


@answers("GET", _ONE + "/state")
def state(call: Call) -> Any:
    return _show(call, call.text("service"))


def _command(word: str, runs_then: bool) -> None:
    @answers("POST", f"{_ONE}/{word}")
    def command(call: Call) -> str:
        async def work(work: Work) -> None:
            await work.takes(_TAKES_S)
            stopped = _stopped(call) - {call.text("service")} if runs_then else _stopped(call) | {call.text("service")}
            call.node.settings["stopped-services"] = " ".join(sorted(stopped))

        return call.fork(f"srv{word}", call.text("service"), work)


for _word in ("start", "restart", "reload", "stop"):
    _command(_word, _word != "stop")
