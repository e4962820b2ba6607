"""The chart, rendered by Helm's own engine and by ours: the same, complete, closed, and refused where something lacks."""

import re
from typing import Any

import pytest
import yaml

from proxmox_mpc import __version__
from tests.deploy.files import DEPLOY, KNOWN, LONGEST_END_S
from tests.e2e.conftest import Cli, bare
from tests.oracle.helm import helm, ours

__all__ = ["bare"]

CHART = DEPLOY / "kubernetes"
SECRET = {"databaseUrl": "postgresql://u:p@db/mpc", "storeKey": "a key: with #signs"}
VALUES: dict[str, dict[str, Any]] = {
    "least": {"secret": SECRET},
    "own secret": {"existingSecret": "kept-elsewhere"},
    "all": {
        "secret": {**SECRET, "signingKey": "s", "brokerUrl": "redis://:p@redis/0", "metricsToken": "t"},
        "settings": {"LOG_LEVEL": "DEBUG", "JOB_SLOTS": 8, "DEBUG": False, "KEEP_JOBS_DAYS": 1000000},
        "ingress": {"enabled": True, "host": "mpc.example.org", "tlsSecret": "tls", "className": "nginx"},
        "imagePullSecrets": [{"name": "registry"}],
        "podAnnotations": {"prometheus.io/scrape": "true"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "image": {"repository": "registry.example.org/mpc", "tag": "1.2.3"},
        "service": {"type": "LoadBalancer", "port": 8080, "annotations": {"a": "b"}},
    },
    "small": {
        "secret": SECRET,
        "server": {"replicas": 1},
        "beat": {"replicas": 0},
        "podDisruptionBudget": {"enabled": False},
    },
}


def objects(values: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    found = ours(CHART, values)
    assert isinstance(found, dict), found
    texts = [text for name, text in found.items() if name.endswith(".yaml")]
    documents = [one for text in texts for one in yaml.safe_load_all(text) if one]
    named = {(one["kind"], one["metadata"]["name"]): one for one in documents}
    assert len(named) == len(documents)
    return named


@pytest.mark.parametrize("case", VALUES)
def test_helm_and_we_render_the_same(case: str) -> None:
    theirs = helm(CHART, VALUES[case])
    assert isinstance(theirs, dict), theirs
    mine = ours(CHART, VALUES[case])
    assert isinstance(mine, dict), mine
    assert {name: text for name, text in mine.items() if text.strip()} == {
        name: text for name, text in theirs.items() if text.strip()
    }


@pytest.mark.parametrize("case", VALUES)
def test_what_belongs_together_finds_each_other(case: str) -> None:
    found = objects(VALUES[case])
    pods = {name: one["spec"]["template"] for (kind, name), one in found.items() if kind == "Deployment"}
    assert len(pods) == 3
    for (kind, name), one in found.items():
        if kind == "Deployment":
            labels, wanted = one["spec"]["template"]["metadata"]["labels"], one["spec"]["selector"]["matchLabels"]
            assert wanted.items() <= labels.items(), name
        if kind in ("Service", "PodDisruptionBudget"):
            selector = one["spec"]["selector"]
            selector = selector.get("matchLabels", selector)
            chosen = [name for name, pod in pods.items() if selector.items() <= pod["metadata"]["labels"].items()]
            assert len(chosen) == 1, f"{kind} {name} finds {chosen}"
        assert len(name) <= 63
        assert re.fullmatch(r"[a-z0-9-]+", name)
    [service] = [one for (kind, _), one in found.items() if kind == "Service"]
    [container] = pods["rel-proxmox-mpc-server"]["spec"]["containers"]
    assert service["spec"]["ports"][0]["targetPort"] in {port["name"] for port in container["ports"]}
    for (kind, _), one in found.items():
        if kind == "Ingress":
            [path] = one["spec"]["rules"][0]["http"]["paths"]
            assert path["backend"]["service"] == {"name": service["metadata"]["name"], "port": {"name": "http"}}
    for pod in pods.values():
        references = [ref for container in pod["spec"]["containers"] for ref in container["envFrom"]]
        for reference in references:
            [(kind, name)] = [(kind, ref["name"]) for kind, ref in reference.items()]
            made = {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind]
            assert (made, name) in found or name == VALUES[case].get("existingSecret")


@pytest.mark.parametrize("case", VALUES)
def test_pods_keep_to_the_restricted_standard_and_end_in_peace(case: str) -> None:
    for (kind, name), one in objects(VALUES[case]).items():
        if kind != "Deployment":
            continue
        pod = one["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, "a service called `server` would give a SERVER_PORT that is none"
        drain = [int(one["value"]) for one in pod["containers"][0]["env"] if one["name"] == "SERVER_DRAIN_SECONDS"]
        assert pod["terminationGracePeriodSeconds"] > sum(drain) + LONGEST_END_S
        [container] = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert {one["name"] for one in container["env"]} <= KNOWN
        assert container["resources"]["limits"]["memory"]
        if name.endswith("server"):
            assert container["readinessProbe"]["httpGet"]["path"] == "/api/health"
            assert "httpGet" not in container["livenessProbe"], "a database that is away is no reason to kill servers"
            assert container["env"] == [{"name": "SERVER_DRAIN_SECONDS", "value": "5"}]


def test_secrets_and_settings_come_as_the_product_reads_them() -> None:
    found = objects(VALUES["all"])
    secret = found["Secret", "rel-proxmox-mpc"]["stringData"]
    settings = found["ConfigMap", "rel-proxmox-mpc"]["data"]
    assert set(secret) | set(settings) <= KNOWN
    assert secret["PROXMOX_SECRET_KEY"] == SECRET["storeKey"]
    assert settings == {
        "LOG_LEVEL": "DEBUG", "JOB_SLOTS": "8", "DEBUG": "false", "KEEP_JOBS_DAYS": "1000000", "LOG_JSON": "1",
        "SERVER_URL": "https://mpc.example.org",
    }  # fmt: skip
    assert ("Secret", "rel-proxmox-mpc") not in objects(VALUES["own secret"])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "secret.databaseUrl is needed"),
        ({"secret": {"databaseUrl": "postgresql://u@db/x"}}, "secret.storeKey is needed"),
        ({"secret": {"databaseUrl": "sqlite:////data/store.db", "storeKey": "k"}}, "databaseUrl"),
        ({"secret": SECRET, "ingress": {"enabled": True}}, "ingress.host is needed"),
        ({"secret": SECRET, "settings": {"LOG_LEVLE": "DEBUG"}}, "LOG_LEVLE"),
        ({"secret": SECRET, "settings": {"SECRET_KEY": "in the open"}}, "SECRET_KEY"),
        ({"secret": SECRET, "sever": {"replicas": 3}}, "sever"),
    ],
)
def test_what_lacks_or_is_misspelt_is_refused(values: dict[str, Any], said: str) -> None:
    for engine in (helm, ours):
        refused = engine(CHART, values)
        assert isinstance(refused, str)
        assert said in refused


def test_a_changed_setting_restarts_the_pods() -> None:
    def mark(**settings: str) -> str:
        found = objects({"secret": SECRET, "settings": settings})["Deployment", "rel-proxmox-mpc-worker"]
        return str(found["spec"]["template"]["metadata"]["annotations"]["checksum/settings"])

    assert mark(LOG_LEVEL="INFO") == mark(LOG_LEVEL="INFO") != mark(LOG_LEVEL="DEBUG")


def test_it_is_of_this_version() -> None:
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__


def test_our_own_lint_finds_nothing_wrong(bare: Cli) -> None:
    answer = bare.ok("lint", str(CHART), "--set", "secret.databaseUrl=postgresql://u@db/x,secret.storeKey=k")
    assert "ERROR" not in answer.out
    assert "WARNING" not in answer.out
