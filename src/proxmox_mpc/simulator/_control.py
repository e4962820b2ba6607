"""What is asked of the simulator itself: faults, also by the command line's `--fault`, and how long its work lasts."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import typing
from typing import Any

from aiohttp import web

from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._faults import Faults
from proxmox_mpc.simulator.state.cluster import Cluster

PATH = "/simulator/faults"
WORK = "/simulator/work"

# Methods of `Faults` that are not faults.
_NOT_FAULTS = frozenset({"describe", "take"})


def kinds() -> dict[str, list[str]]:
    """The parameters of each fault, by its name."""
    return {
        name: list(inspect.signature(method).parameters)[1:]
        for name, method in vars(Faults).items()
        if not name.startswith("_") and name not in _NOT_FAULTS
    }


def apply(faults: Faults, name: str, values: dict[str, Any]) -> None:
    """Cause a fault. Raises ValueError when it is not known, or not for these values."""
    if name not in kinds():
        raise ValueError(f"no such fault '{name}', but: {', '.join(kinds())}")
    method = getattr(faults, name)
    hints = typing.get_type_hints(method)
    if unknown := set(values) - set(kinds()[name]):
        raise ValueError(f"fault '{name}' has no {', '.join(sorted(unknown))}, but: {', '.join(kinds()[name])}")
    needed = [k for k, p in inspect.signature(method).parameters.items() if p.default is p.empty and k not in values]
    if needed:
        raise ValueError(f"fault '{name}' needs {', '.join(needed)}")
    try:
        method(**{key: _convert(hints[key], value) for key, value in values.items()})
    except KeyError as error:
        raise ValueError(f"fault '{name}': there is no {error}") from error
    except (TypeError, re.error, ApiError) as error:
        raise ValueError(f"fault '{name}': {str(error).strip()}") from error


def _convert(kind: type, value: Any) -> Any:
    if kind is bool:
        return value if isinstance(value, bool) else str(value).lower() in ("1", "yes", "true", "on")
    return kind(value)


def apply_text(faults: Faults, text: str) -> None:
    """Cause a fault written as on the command line: `node_down name=pve-node2`. Raises ValueError."""
    name, *parts = shlex.split(text)
    pairs = [part.partition("=") for part in parts]
    if wrong := [part for part, (_, equals, _) in zip(parts, pairs, strict=True) if not equals]:
        raise ValueError(f"'{wrong[0]}' is not key=value")
    apply(faults, name, {key: value for key, _, value in pairs})


async def handle(request: web.BaseRequest, faults: Faults) -> web.Response:
    """GET lists, POST causes (`{"fault": "node_down", "name": "…"}`, `{"text": "node_down name=…"}`), DELETE ends all.

    A POST must be declared as JSON: a page in a browser cannot send that without asking first.
    """
    if request.method == "DELETE":
        faults.clear()
    elif request.method == "POST":
        if request.content_type != "application/json":
            return web.json_response({"error": "send application/json"}, status=415)
        try:
            values = json.loads(await request.read())
            if "text" in values:
                apply_text(faults, str(values["text"]))
            else:
                apply(faults, values.pop("fault"), values)
        except (ValueError, KeyError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
    elif request.method != "GET":
        return web.json_response({"error": "GET, POST or DELETE"}, status=405)
    return web.json_response({"faults": faults.describe(), "kinds": kinds()})


def work(request: web.BaseRequest, cluster: Cluster) -> web.Response:
    """How many seconds the work of each task lasts on hardware, by UPID."""
    if request.method != "GET":
        return web.json_response({"error": "GET"}, status=405)
    return web.json_response({"seconds": {task.upid: round(task.work_s, 3) for task in cluster.tasks.values()}})
