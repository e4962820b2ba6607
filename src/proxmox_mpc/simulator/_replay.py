"""Sends a seed's `requests` through the pipeline before anybody else is served: as root, without waiting for the work.

So whatever the API can make can stand in a seed, checked and stored as if somebody had asked for it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from proxmox_mpc.simulator import _permissions
from proxmox_mpc.simulator._call import Call
from proxmox_mpc.simulator._errors import ApiError
from proxmox_mpc.simulator._http import normalize
from proxmox_mpc.simulator._routes import Routes
from proxmox_mpc.simulator.state.clock import ScaledClock
from proxmox_mpc.simulator.state.cluster import Cluster


async def play(cluster: Cluster, routes: Routes, requests: Sequence[Mapping[str, Any]]) -> list[str]:
    """Send them one after the other, each when the tasks of those before have ended; answers the refusals."""
    refusals = []
    clock, scale = cluster.clock, cluster.time_scale
    cluster.clock, cluster.time_scale, cluster.is_planting = ScaledClock(0.0), 0.0, True
    try:
        for request in requests:
            try:
                await _send(cluster, routes, request)
            except ApiError as error:
                details = "; ".join(f"{k}: {v}" for k, v in (error.errors or {}).items())
                refusals.append(f"{request['method']} {request['path']}: {error.message.strip()} {details}".strip())
            while cluster.running:
                await asyncio.gather(*cluster.running.values(), return_exceptions=True)
    finally:
        cluster.clock, cluster.time_scale, cluster.is_planting = clock, scale, False
    return refusals


async def _send(cluster: Cluster, routes: Routes, request: Mapping[str, Any]) -> None:
    found = routes.find(request["method"], request["path"])
    if found is None or found[0].answer is None:
        raise ApiError(501, f"Method '{request['method']} {request['path']}' not implemented")
    method, variables = found
    params = {**_texts(request.get("params", {})), **variables}
    call = Call(cluster, routes, method, params, _permissions.ROOT)
    normalize(method, params, None)
    if errors := method.parameters.check(params):
        raise ApiError(400, "Parameter verification failed.\n", errors)
    made = method.answer(call) if method.answer else None
    if inspect.isawaitable(made):
        await made


def _texts(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: [str(part) for part in v] if isinstance(v, list) else str(v) for k, v in params.items()}
