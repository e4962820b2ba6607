"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT says where they go; elsewhere nothing is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from proxmox_mpc.telemetry import correlation


@dataclass
class _State:
    tracer: Any = None
    provider: Any = None


_state = _State()


def enable(part: str, version: str, *, exporter: Any = None) -> None:
    """Trace from here on; what it is exported to and how is told by the OTEL_* variables of OpenTelemetry itself."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    resource = Resource.create({"service.name": f"proxmox-mpc-{part}", "service.version": version})
    provider = TracerProvider(resource=resource)
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    else:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    _state.provider, _state.tracer = provider, provider.get_tracer("proxmox_mpc")


def end() -> None:
    """Send what was not sent yet."""
    if _state.provider is not None:
        _state.provider.shutdown()
        _state.provider = _state.tracer = None


@contextmanager
def span(name: str, parent: str = "", **facts: str | int) -> Iterator[None]:
    """A part of a trace: what is done in the block, with facts as attributes.

    `parent` is what `carried` answered elsewhere (W3C's traceparent): the block goes on with that trace.
    """
    if _state.tracer is None:
        yield
        return
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    context = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
    attributes: dict[str, str | int] = {**facts, "correlation": correlation()}
    with _state.tracer.start_as_current_span(name, context=context, attributes=attributes):
        yield


def carried() -> str:
    """What carries the present trace to another process, or nothing."""
    if _state.tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return found.get("traceparent", "")
