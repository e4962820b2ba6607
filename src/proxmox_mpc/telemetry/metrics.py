"""Metrics for Prometheus: counted where `enable` was called, in servers and workers; elsewhere nothing is done.

What is counted stands here, so that names and labels are seen at once. Labels have few values: no names of guests,
users or files. prometheus-client is loaded with the first thing that is counted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

PREFIX = "proxmox_mpc_"
# From a read of the database to an apply of an hour.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True)
class Metric:
    """Something that is counted or measured, by its labels."""

    kind: Literal["counter", "histogram", "gauge"]
    name: str
    help: str
    labels: tuple[str, ...] = ()

    def add(self, amount: float = 1, **labels: str) -> None:
        """Count; of a gauge also down."""
        if (collector := _collector(self)) is not None:
            _labelled(collector, labels).inc(amount)

    def set(self, value: float, **labels: str) -> None:
        """Set a gauge."""
        if (collector := _collector(self)) is not None:
            _labelled(collector, labels).set(value)

    def observe(self, value: float, **labels: str) -> None:
        """Add a value to a histogram."""
        if (collector := _collector(self)) is not None:
            _labelled(collector, labels).observe(value)

    @contextmanager
    def timed(self, **labels: str) -> Iterator[None]:
        """Add the seconds that the block takes to a histogram."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.observe(time.perf_counter() - began, **labels)


HTTP_REQUESTS = Metric("counter", "http_requests_total", "Requests to the API.", ("method", "route", "status"))
HTTP_SECONDS = Metric("histogram", "http_request_seconds", "How long the API took to answer.", ("method", "route"))
ACTIONS = Metric("counter", "actions_total", "Actions, and how they ended.", ("action", "outcome"))
JOBS = Metric("counter", "jobs_total", "Jobs that ended here, and how.", ("action", "state"))
JOB_SECONDS = Metric("histogram", "job_seconds", "How long an attempt of a job took.", ("action",))
JOBS_NOW = Metric("gauge", "jobs_by_state", "Jobs in the table by state, when it was asked.", ("state",))
PVE_REQUESTS = Metric("counter", "pve_requests_total", "Requests to clusters, retries included.", ("method", "status"))
PVE_SECONDS = Metric("histogram", "pve_request_seconds", "How long clusters took to answer.", ("method",))
LOGINS = Metric("counter", "logins_total", "Logins that were tried, and how they ended.", ("outcome",))
SOCKETS = Metric("gauge", "sockets", "Sockets that are open.")
MESSAGES = Metric("counter", "messages_sent_total", "Messages that were sent to sockets.")
FIRED = Metric("counter", "schedules_fired_total", "Due times of schedules that became jobs here.")
LEADS = Metric("gauge", "leads", "Whether this process leads.", ("lease",))
INFO = Metric("gauge", "info", "What runs here; always 1.", ("version", "part"))
ALL = tuple(found for found in list(globals().values()) if isinstance(found, Metric))


@dataclass
class _State:
    registry: Any = None
    collectors: dict[str, Any] = field(default_factory=dict)


_state = _State()


def enable(version: str, part: str) -> None:
    """Count from here on, in this process."""
    from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

    if _state.registry is None:
        _state.registry = CollectorRegistry()
        for collector in (GCCollector, PlatformCollector, ProcessCollector):
            collector(registry=_state.registry)
        for metric in ALL:
            _collector(metric)  # so that a dashboard finds all of them at once
    INFO.set(1, version=version, part=part)


def page() -> tuple[bytes, str]:
    """All of them as Prometheus reads them, and the media type; nothing where nothing is counted."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return (generate_latest(_state.registry) if _state.registry is not None else b""), CONTENT_TYPE_LATEST


def listen(port: int, host: str) -> None:
    """Answer Prometheus on a port of its own, for processes that answer nothing else."""
    from prometheus_client import start_http_server

    start_http_server(port, host, registry=_state.registry)


def _collector(metric: Metric) -> Any:
    if _state.registry is None:
        return None
    if (known := _state.collectors.get(metric.name)) is not None:
        return known
    from prometheus_client import Counter, Gauge, Histogram

    name, kept = f"{PREFIX}{metric.name}", {"registry": _state.registry}
    if metric.kind == "histogram":
        made: Any = Histogram(name, metric.help, metric.labels, buckets=_SECONDS, **kept)
    else:
        made = {"counter": Counter, "gauge": Gauge}[metric.kind](name, metric.help, metric.labels, **kept)
    _state.collectors[metric.name] = made
    return made


def _labelled(collector: Any, labels: dict[str, str]) -> Any:
    return collector.labels(**labels) if labels else collector
