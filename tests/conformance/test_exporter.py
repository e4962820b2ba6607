"""prometheus-pve-exporter, as people run it: its own web server, scraped over HTTP, against the simulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conformance.test_proxmoxer import by_token

# How long the exporter may take to listen.
_PATIENCE_S = 20

Labels = frozenset[tuple[str, str]]


@contextmanager
def exporter(greeting: dict[str, Any], log: Path) -> Iterator[str]:
    """Start it on a free port of loopback, yield its address, end it with its workers."""
    user, _, rest = greeting["token"].partition("!")
    name, _, secret = rest.partition("=")
    access = {"PVE_USER": user, "PVE_TOKEN_NAME": name, "PVE_TOKEN_VALUE": secret, "PVE_VERIFY_SSL": "false"}
    program = str(Path(sys.executable).with_name("pve_exporter"))
    with log.open("w") as output:
        process = subprocess.Popen(
            [program, "--web.listen-address", "127.0.0.1:0"], env={**os.environ, **access}, stderr=output
        )
    try:
        yield _address(process, log)
    finally:
        process.terminate()
        process.wait(10)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"Listening at: (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"the exporter does not listen:\n{log.read_text()}")


class Metrics:
    """What a scrape brought: values by name and labels."""

    def __init__(self, text: str) -> None:
        self.values: dict[str, dict[Labels, float]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self.values.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value

    def by_id(self, name: str) -> dict[str, float]:
        """A metric's values by their label `id`."""
        return {dict(labels)["id"]: value for labels, value in self.values[name].items()}

    def labels(self, name: str) -> dict[str, dict[str, str]]:
        """The other labels of a metric that is always 1, by `id`."""
        rows = [dict(labels) for labels in self.values[name]]
        return {row.pop("id"): row for row in rows}

    def true(self, name: str, label: str) -> set[tuple[str, str]]:
        """Pairs of `id` and another label that are 1."""
        return {(dict(k)["id"], dict(k)[label]) for k, value in self.values[name].items() if value}


@pytest.fixture(scope="module")
def scraped(shop: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Metrics:
    log = tmp_path_factory.mktemp("exporter") / "log"
    target = shop["url"].removeprefix("https://")
    with exporter(shop, log) as url, urllib.request.urlopen(f"{url}/pve?target={target}&cluster=1&node=1") as answer:
        return Metrics(answer.read().decode())


def asked(greeting: dict[str, Any], path: str) -> Any:
    """What the API itself says."""
    return by_token(greeting)(path).get()


def test_what_is_up(scraped: Metrics) -> None:
    up = scraped.by_id("pve_up")
    assert up == {
        "cluster/shop": 1, "node/alpha": 1, "node/beta": 1, "node/gamma": 0,
        "qemu/100": 1, "lxc/101": 1, "qemu/102": 0, "qemu/103": 1, "lxc/104": 0, "qemu/105": 0,
        "storage/alpha/local": 1, "storage/beta/local": 1, "storage/gamma/local": 0,
        "storage/alpha/tank": 1, "storage/beta/tank": 1, "storage/gamma/tank": 0,
        "storage/alpha/share": 1, "storage/beta/share": 1, "storage/gamma/share": 0,
    }  # fmt: skip


def test_who_is_who(scraped: Metrics) -> None:
    guests = scraped.labels("pve_guest_info")
    assert guests["qemu/100"] == {"node": "alpha", "name": "web", "type": "qemu", "template": "0", "tags": "prod;web"}
    assert guests["lxc/101"] == {"node": "beta", "name": "front", "type": "lxc", "template": "0", "tags": "prod"}
    assert guests["qemu/105"]["template"] == "1"
    assert scraped.labels("pve_storage_info")["storage/alpha/tank"] == {
        "node": "alpha", "storage": "tank", "plugintype": "zfspool", "content": "images,rootdir",
    }  # fmt: skip
    assert scraped.labels("pve_node_info").keys() == {"node/alpha", "node/beta", "node/gamma"}
    assert scraped.labels("pve_cluster_info")["cluster/shop"] == {"nodes": "3", "quorate": "1", "version": "3"}
    assert {dict(k)["release"] for k in scraped.values["pve_version_info"]} == {"9.1"}


def test_numbers_are_those_of_the_cluster(shop: dict[str, Any], scraped: Metrics) -> None:
    rows = {row["id"]: row for row in asked(shop, "cluster/resources")}
    for metric, key in {
        "pve_cpu_usage_limit": "maxcpu", "pve_memory_size_bytes": "maxmem", "pve_disk_size_bytes": "maxdisk",
    }.items():  # fmt: skip
        assert scraped.by_id(metric) == {k: row[key] for k, row in rows.items() if key in row}
    assert scraped.by_id("pve_memory_size_bytes")["qemu/100"] == 2 * 1024**3
    assert scraped.by_id("pve_cpu_usage_limit")["node/alpha"] == 8
    assert scraped.by_id("pve_uptime_seconds")["qemu/102"] == 0
    assert 0 < scraped.by_id("pve_memory_usage_bytes")["lxc/101"] <= 512 * 1024**2


def test_high_availability_and_locks(scraped: Metrics) -> None:
    states = scraped.true("pve_ha_state", "state")
    assert ("qemu/100", "started") in states
    assert not [id for id, _ in states if id in ("lxc/101", "qemu/102")], "what HA does not manage has no state"
    assert scraped.true("pve_lock_state", "state") == {("qemu/102", "backup")}


def test_backups_replication_and_start_at_boot(scraped: Metrics) -> None:
    assert scraped.by_id("pve_not_backed_up_total") == {"cluster/shop": 4}
    assert scraped.by_id("pve_not_backed_up_info").keys() == {"lxc/101", "qemu/103", "lxc/104", "qemu/105"}
    assert scraped.by_id("pve_onboot_status") == {"qemu/100": 1}
    assert scraped.labels("pve_replication_info") == {
        "100-0": {"type": "local", "source": "node/alpha", "target": "node/beta", "guest": "qemu/100"}
    }
    assert scraped.by_id("pve_replication_failed_syncs") == {"100-0": 0}
    assert scraped.by_id("pve_replication_next_sync_timestamp_seconds")["100-0"] > time.time() - 60
    assert ("node/alpha", "notfound") in scraped.true("pve_subscription_status", "status")
