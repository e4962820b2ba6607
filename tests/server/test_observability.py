"""What whoever runs a server sees of it: metrics, and one id or trace through everything."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from proxmox_mpc.telemetry import metrics, tracing
from tests.server.running import Served, serving
from tests.server.test_rest import apply


def scrape(served: Served) -> dict[str, float]:
    """What Prometheus would read: samples with their labels."""
    with urllib.request.urlopen(f"{served.url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_everything_that_is_counted_is_counted(served: Served, admin: str) -> None:
    apply(served, admin, "counted", "counted", Prefer="wait=30")
    served.call("GET", "/api/v1/resources/vm", token=admin)
    found = scrape(served)
    assert found['proxmox_mpc_http_requests_total{method="GET",route="/api/v1/resources/{kind}",status="200"}'] >= 1
    if served.database == "SQLite":  # else the worker counts them
        assert found['proxmox_mpc_jobs_total{action="apply",state="succeeded"}'] >= 1
        assert found['proxmox_mpc_job_seconds_count{action="apply"}'] >= 1
        assert found['proxmox_mpc_actions_total{action="apply",outcome="ok"}'] >= 1
    assert found['proxmox_mpc_actions_total{action="get",outcome="ok"}'] >= 1
    assert found['proxmox_mpc_pve_requests_total{method="GET",status="200"}'] > 0
    assert found['proxmox_mpc_jobs_by_state{state="succeeded"}'] >= 1
    assert found['proxmox_mpc_logins_total{outcome="ok"}'] >= 1
    assert found['proxmox_mpc_leads{lease="sweeping"}'] == 1
    names = {name.partition("{")[0] for name in found}
    for metric in metrics.ALL:
        name = f"{metrics.PREFIX}{metric.name}"
        assert metric.labels or any(one.startswith(name) for one in names), name


def test_labels_are_few_whatever_is_asked(served: Served, admin: str) -> None:
    for number in range(30):
        served.call("GET", f"/api/v1/resources/vm?names=guest-{number}", token=admin)
        served.call("GET", f"/no/such/place/{number}")
    labels = [name for name in scrape(served) if name.startswith("proxmox_mpc_http_requests_total")]
    assert not any("guest-" in label or "/no/such" in label for label in labels)
    assert len(labels) < 60


def test_elsewhere_metrics_are_for_who_knows_the_token(tmp_path: pytest.TempPathFactory) -> None:
    with serving(tmp_path / "home", METRICS_TOKEN="let-me-look") as one:  # type: ignore[operator]
        request = urllib.request.Request(f"{one.url}/metrics")
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(request, timeout=10)
        request.add_header("Authorization", "Bearer let-me-look")
        assert urllib.request.urlopen(request, timeout=10).status == 200


def test_one_id_goes_from_the_answer_to_the_job_the_audit_and_the_requests_to_the_cluster(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with serving(tmp_path_factory.mktemp("traced"), "--simulate", LOG_LEVEL="DEBUG") as one:
        token = one.admin()
        apply(one, token, "traced", "traced", X_Correlation_ID="c0ffee-42", Prefer="wait=30")
        end = time.monotonic() + 20
        while True:
            lines = [json.loads(line) for line in (one.home / "server.log").read_text().splitlines()]
            mine = [line for line in lines if line.get("correlation") == "c0ffee-42"]
            if {"api", "jobs", "pve"} <= {line["part"] for line in mine} or time.monotonic() > end:
                break
            time.sleep(0.1)
        assert {"api", "jobs", "pve"} <= {line["part"] for line in mine}
        assert any(line["part"] == "pve" and re.search(r"/qemu$", line["path"]) for line in mine)
        _, audit = one.call("GET", "/api/v1/audit", token=token)
        assert any(item["action"] == "apply" and item["correlation"] == "c0ffee-42" for item in audit["items"])


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.enable("test", "0", exporter=exporter)
    yield exporter
    tracing.end()


def test_a_trace_goes_on_where_it_is_carried_to(spans: InMemorySpanExporter) -> None:
    with tracing.span("asked"):
        carried = tracing.carried()
    with tracing.span("done elsewhere", carried, job="7"):
        pass
    asked, done = spans.get_finished_spans()
    assert done.parent is not None
    assert (done.parent.span_id, done.context.trace_id) == (asked.context.span_id, asked.context.trace_id)
    assert dict(done.attributes or {})["job"] == "7"


def test_without_a_destination_nothing_is_traced() -> None:
    with tracing.span("nothing"):
        assert tracing.carried() == ""
