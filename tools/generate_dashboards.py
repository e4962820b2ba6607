"""Make deploy/grafana/dashboards: python tools/generate_dashboards.py [FOLDER]

A dashboard is rows of panels; a panel is a title, how it is shown, and one query of the store (SQL) or of the metrics
(PromQL). Grafana's own words for all that are made here.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "deploy/grafana/dashboards"
STORE = {"type": "grafana-postgresql-datasource", "uid": "proxmox-mpc-store"}
METRICS = {"type": "prometheus", "uid": "proxmox-mpc-metrics"}
COLUMNS = 24
"""How wide Grafana's page is."""

OPEN_DRIFT = """
SELECT kind, namespace, name, message, max(at) FILTER (WHERE reason = 'drift-seen') AS since
FROM events
WHERE reason IN ('drift-seen', 'drift-ended') AND context IN (${context:sqlstring})
GROUP BY context, kind, namespace, name, message
HAVING max(at) FILTER (WHERE reason = 'drift-seen')
     > coalesce(max(at) FILTER (WHERE reason = 'drift-ended'), '-infinity')
"""
LATEST = """
SELECT DISTINCT ON (context, resource_type, resource_id) context, resource_type, change, state
FROM snapshots WHERE context IN (${context:sqlstring})
ORDER BY context, resource_type, resource_id, id DESC
"""


@dataclass(frozen=True)
class Panel:
    """One picture. `legend` is for metrics; `unit` is Grafana's name of one."""

    title: str
    shown: str
    width: int
    sql: str = ""
    metrics: str = ""
    legend: str = ""
    unit: str = ""
    stacked: bool = False
    help: str = ""


@dataclass(frozen=True)
class Dashboard:
    """Rows of panels, each with its height. `contexts`: one chooses clusters above."""

    uid: str
    title: str
    rows: list[tuple[int, list[Panel]]] = field(default_factory=list)
    contexts: bool = False


def stat(title: str, sql: str = "", *, width: int = 4, **more: Any) -> Panel:
    return Panel(title, "stat", width, sql, **more)


def over_time(title: str, sql: str = "", *, width: int = 12, **more: Any) -> Panel:
    return Panel(title, "timeseries", width, sql, **more)


def table(title: str, sql: str, *, width: int = 12, **more: Any) -> Panel:
    return Panel(title, "table", width, sql, **more)


def bars(title: str, sql: str, *, width: int = 8, **more: Any) -> Panel:
    return Panel(title, "barchart", width, sql, **more)


OVERVIEW = Dashboard(
    "proxmox-mpc-overview",
    "System Overview",
    [
        (4, [
            stat("Clusters", "SELECT count(*) AS clusters FROM contexts"),
            stat("Applications", "SELECT count(*) AS applications FROM applications"),
            stat("Resources under management", "SELECT count(*) AS resources FROM resources"),
            stat("Jobs at work", "SELECT count(*) AS jobs FROM jobs WHERE state = 'running'"),
            stat("Jobs waiting", "SELECT count(*) AS jobs FROM jobs WHERE state = 'queued'"),
            stat("Jobs that went well",
                 "SELECT avg((state = 'succeeded')::int) AS share FROM jobs "
                 "WHERE ended_at IS NOT NULL AND $__timeFilter(ended_at)",
                 unit="percentunit"),
        ]),
        (8, [
            over_time("Jobs that ended",
                      "SELECT $__timeGroupAlias(ended_at, $__interval), state AS metric, count(*) AS jobs "
                      "FROM jobs WHERE $__timeFilter(ended_at) GROUP BY 1, 2 ORDER BY 1", stacked=True),
            over_time("Writes, logins and denials",
                      "SELECT $__timeGroupAlias(at, $__interval), type AS metric, count(*) AS records "
                      "FROM audit WHERE $__timeFilter(at) GROUP BY 1, 2 ORDER BY 1", stacked=True),
        ]),
        (8, [
            table("Jobs, the newest first",
                  "SELECT created_at, action, subject, actor, context, state, attempt, ended_at - started_at AS took "
                  "FROM jobs WHERE $__timeFilter(created_at) ORDER BY created_at DESC LIMIT 50", width=16),
            bars("Actions, the most frequent",
                 "SELECT action, count(*) AS times FROM audit WHERE $__timeFilter(at) "
                 "GROUP BY action ORDER BY times DESC LIMIT 10"),
        ]),
        (8, [
            table("Schedules",
                  "SELECT name, action, context, coalesce(nullif(cron, ''), interval_s || ' s') AS every, enabled, "
                  "last_due_at, next_at FROM schedules ORDER BY enabled DESC, next_at LIMIT 50"),
            table("Warnings, the newest first",
                  "SELECT at, context, reason, kind, namespace, name, message FROM events "
                  "WHERE type = 'Warning' AND $__timeFilter(at) ORDER BY at DESC LIMIT 50"),
        ]),
        (8, [
            over_time("Requests a second",
                      metrics="sum by (status) (rate(proxmox_mpc_http_requests_total[$__rate_interval]))",
                      legend="{{status}}", unit="reqps", width=8),
            over_time("Jobs that ended, a second",
                      metrics="sum by (action, state) (rate(proxmox_mpc_jobs_total[$__rate_interval]))",
                      legend="{{action}} {{state}}", unit="ops", width=8),
            over_time("Sockets that are open", metrics="sum(proxmox_mpc_sockets)", legend="sockets", width=8),
        ]),
    ],
)  # fmt: skip

HEALTH = Dashboard(
    "proxmox-mpc-health",
    "System Health",
    [
        (4, [
            stat("Processes that answer", metrics='sum(up{job=~"proxmox-mpc.*"})'),
            stat("The job that waits longest",
                 "SELECT coalesce(max(extract(epoch FROM now() - not_before)), 0) AS seconds FROM jobs "
                 "WHERE state = 'queued' AND not_before < now()", unit="s",
                 help="Minutes mean that no worker takes jobs, or that there are too few."),
            stat("Jobs begun more than once",
                 "SELECT count(*) AS jobs FROM jobs WHERE attempt > 1 AND $__timeFilter(created_at)"),
            stat("Jobs whose worker gives no sign of life",
                 "SELECT count(*) AS jobs FROM jobs WHERE state = 'running' AND lease_until < now()"),
            stat("Size of the database", "SELECT pg_database_size(current_database()) AS size", unit="bytes"),
            stat("Version of the tables", "SELECT version_num AS version FROM alembic_version"),
        ]),
        (8, [
            over_time("How long the API takes (95 of 100)",
                      metrics="histogram_quantile(0.95, sum by (le) "
                      "(rate(proxmox_mpc_http_request_seconds_bucket[$__rate_interval])))",
                      legend="95 %", unit="s"),
            over_time("Requests that failed, a second",
                      metrics='sum by (route, status) (rate(proxmox_mpc_http_requests_total{status=~"5.."}'
                      "[$__rate_interval]))",
                      legend="{{status}} {{route}}", unit="reqps"),
        ]),
        (8, [
            over_time("How long clusters take (95 of 100)",
                      metrics="histogram_quantile(0.95, sum by (le, method) "
                      "(rate(proxmox_mpc_pve_request_seconds_bucket[$__rate_interval])))",
                      legend="{{method}}", unit="s"),
            over_time("Answers of clusters, a second",
                      metrics="sum by (status) (rate(proxmox_mpc_pve_requests_total[$__rate_interval]))",
                      legend="{{status}}", unit="reqps"),
        ]),
        (8, [
            over_time("Logins",
                      "SELECT $__timeGroupAlias(at, $__interval), "
                      "CASE outcome WHEN 'ok' THEN 'ok' ELSE 'failed' END AS metric, count(*) AS logins "
                      "FROM audit WHERE type = 'login' AND $__timeFilter(at) GROUP BY 1, 2 ORDER BY 1",
                      stacked=True, width=8),
            over_time("Denials",
                      "SELECT $__timeGroupAlias(at, $__interval), actor AS metric, count(*) AS denials "
                      "FROM audit WHERE type = 'denial' AND $__timeFilter(at) GROUP BY 1, 2 ORDER BY 1",
                      stacked=True, width=8),
            over_time("Failed jobs",
                      "SELECT $__timeGroupAlias(ended_at, $__interval), action AS metric, count(*) AS jobs "
                      "FROM jobs WHERE state = 'failed' AND $__timeFilter(ended_at) GROUP BY 1, 2 ORDER BY 1",
                      stacked=True, width=8),
        ]),
        (8, [
            over_time("How long jobs wait until they are begun",
                      "SELECT $__timeGroupAlias(started_at, $__interval), "
                      "percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - not_before)) "
                      'AS "95 %" FROM jobs WHERE $__timeFilter(started_at) GROUP BY 1 ORDER BY 1', unit="s", width=8),
            over_time("Memory", metrics="process_resident_memory_bytes", legend="{{job}} {{instance}}", unit="bytes",
                      width=8),
            over_time("CPU", metrics="rate(process_cpu_seconds_total[$__rate_interval])",
                      legend="{{job}} {{instance}}", unit="percentunit", width=8),
        ]),
        (6, [
            table("Who leads", "SELECT name, holder, until > now() AS holds, until FROM leases ORDER BY name"),
            table("Workers",
                  "SELECT worker, count(*) FILTER (WHERE state = 'running') AS at_work, "
                  "count(*) FILTER (WHERE state = 'failed') AS failed, count(*) AS jobs, max(started_at) AS last "
                  "FROM jobs WHERE worker <> '' AND $__timeFilter(created_at) "
                  "GROUP BY worker ORDER BY last DESC LIMIT 50"),
        ]),
    ],
)  # fmt: skip

CLUSTER = Dashboard(
    "proxmox-mpc-cluster",
    "Cluster",
    [
        (4, [
            stat("Nodes online",
                 f"SELECT count(*) AS nodes FROM ({LATEST}) AS last "
                 "WHERE resource_type = 'node' AND change <> 'deleted' AND state->>'status' = 'online'"),
            stat("Guests", f"SELECT count(*) AS guests FROM ({LATEST}) AS last "
                 "WHERE resource_type = 'guest' AND change <> 'deleted' AND coalesce(state->>'template', '0') <> '1'"),
            stat("Guests that run", f"SELECT count(*) AS guests FROM ({LATEST}) AS last "
                 "WHERE resource_type = 'guest' AND change <> 'deleted' AND state->>'status' = 'running'"),
            stat("Differences that are open", f"SELECT count(*) AS differences FROM ({OPEN_DRIFT}) AS open"),
            stat("Applications",
                 "SELECT count(*) AS applications FROM applications WHERE context IN (${context:sqlstring})"),
            stat("Last look", "SELECT max(at) AS at FROM snapshots WHERE context IN (${context:sqlstring})",
                 unit="dateTimeFromNow", help="When the last change was seen; `proxmox-cli discover` looks."),
        ]),
        (8, [
            bars("Guests by node",
                 f"SELECT state->>'node' AS node, count(*) FILTER (WHERE state->>'status' = 'running') AS running, "
                 f"count(*) FILTER (WHERE state->>'status' <> 'running') AS stopped FROM ({LATEST}) AS last "
                 "WHERE resource_type = 'guest' AND change <> 'deleted' GROUP BY 1 ORDER BY 1"),
            bars("Memory that guests are given, by node",
                 f"SELECT state->>'node' AS node, sum((state->>'maxmem')::numeric) AS memory FROM ({LATEST}) AS last "
                 "WHERE resource_type = 'guest' AND change <> 'deleted' GROUP BY 1 ORDER BY 1", unit="bytes"),
            bars("CPUs that guests are given, by node",
                 f"SELECT state->>'node' AS node, sum((state->>'maxcpu')::numeric) AS cpus FROM ({LATEST}) AS last "
                 "WHERE resource_type = 'guest' AND change <> 'deleted' GROUP BY 1 ORDER BY 1"),
        ]),
        (8, [
            over_time("Changes that were seen",
                      "SELECT $__timeGroupAlias(at, $__interval), resource_type || ' ' || change AS metric, "
                      "count(*) AS changes FROM snapshots WHERE $__timeFilter(at) "
                      "AND context IN (${context:sqlstring}) GROUP BY 1, 2 ORDER BY 1", stacked=True),
            over_time("Changes that were made",
                      "SELECT $__timeGroupAlias(at, $__interval), reason AS metric, count(*) AS changes FROM events "
                      "WHERE $__timeFilter(at) AND context IN (${context:sqlstring}) "
                      "AND reason ~ '-(done|failed)$' GROUP BY 1, 2 ORDER BY 1", stacked=True),
        ]),
        (8, [
            table("Open differences", f"{OPEN_DRIFT} ORDER BY since DESC LIMIT 100"),
            table("Applications and their last revision",
                  "SELECT DISTINCT ON (a.context, a.name) a.context, a.name, r.number, r.status, r.actor, r.created_at "
                  "FROM applications a JOIN revisions r ON r.application_id = a.id "
                  "WHERE a.context IN (${context:sqlstring}) ORDER BY a.context, a.name, r.number DESC"),
        ]),
        (8, [
            over_time("Runs", "SELECT $__timeGroupAlias(started_at, $__interval), verb || ' ' || status AS metric, "
                      "count(*) AS runs FROM runs WHERE $__timeFilter(started_at) "
                      "AND context IN (${context:sqlstring}) GROUP BY 1, 2 ORDER BY 1", stacked=True),
            over_time("Writing requests to the cluster",
                      "SELECT $__timeGroupAlias(j.at, $__interval), j.method AS metric, count(*) AS requests "
                      "FROM journal j JOIN runs r ON r.id = j.run_id WHERE $__timeFilter(j.at) "
                      "AND r.context IN (${context:sqlstring}) GROUP BY 1, 2 ORDER BY 1", stacked=True),
        ]),
        (8, [
            table("What is managed, by kind",
                  "SELECT kind, count(*) AS resources, count(DISTINCT application) AS applications, "
                  "max(updated_at) AS changed FROM resources WHERE context IN (${context:sqlstring}) "
                  "GROUP BY kind ORDER BY resources DESC"),
            table("Storages",
                  "SELECT context, state->>'node' AS node, state->>'storage' AS storage, "
                  "state->>'plugintype' AS type, state->>'status' AS status, "
                  f"(state->>'maxdisk')::numeric / 1073741824 AS gib FROM ({LATEST}) AS last "
                  "WHERE resource_type = 'storage' AND change <> 'deleted' ORDER BY 1, 2, 3"),
        ]),
    ],
    contexts=True,
)  # fmt: skip

ALL = (OVERVIEW, HEALTH, CLUSTER)


def grafana(dashboard: Dashboard) -> dict[str, Any]:
    """A dashboard as Grafana reads it."""
    panels, top = [], 0
    for height, row in dashboard.rows:
        left = 0
        for panel in row:
            place = {"h": height, "w": panel.width, "x": left, "y": top}
            panels.append({"id": len(panels) + 1, "gridPos": place, **_panel(panel)})
            left += panel.width
        assert left == COLUMNS, f"{dashboard.title}: {row[0].title}"
        top += height
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["proxmox-mpc"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_contexts()] if dashboard.contexts else []},
        "panels": panels,
    }


def _panel(panel: Panel) -> dict[str, Any]:
    source = STORE if panel.sql else METRICS
    custom = {"stacking": {"mode": "normal"}, "fillOpacity": 40} if panel.stacked else {}
    defaults = ({"unit": panel.unit} if panel.unit else {}) | ({"custom": custom} if custom else {})
    target: dict[str, Any] = {"refId": "A", "datasource": source}
    if panel.sql:
        as_series = panel.shown == "timeseries"
        text = " ".join(panel.sql.split())
        target |= {"rawQuery": True, "editorMode": "code", "format": "time_series" if as_series else "table"}
        target["rawSql"] = text
    else:
        target |= {"expr": panel.metrics, "legendFormat": panel.legend or "__auto", "editorMode": "code"}
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/"}} if panel.shown == "stat" else {}
    return {
        "type": panel.shown,
        "title": panel.title,
        "description": panel.help,
        "datasource": source,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": options,
        "targets": [target],
    }


def _contexts() -> dict[str, Any]:
    query = "SELECT DISTINCT context FROM snapshots ORDER BY context"
    return {
        "name": "context",
        "label": "Cluster",
        "type": "query",
        "datasource": STORE,
        "query": query,
        "definition": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for dashboard in ALL:
        text = json.dumps(grafana(dashboard), indent=2) + "\n"
        (folder / f"{dashboard.uid.removeprefix('proxmox-mpc-')}.json").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
