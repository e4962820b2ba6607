"""What the client knows of the API, judged by what real servers took and refused."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest

from proxmox_mpc.pve import Facts, Problem
from tests.unit.pve import ground_truth
from tests.unit.pve.ground_truth import Exchange

FACTS = Facts.load("9.1")
CONFIG = "/nodes/{node}/qemu/{vmid}/config"
GUEST = {"node": "pve1", "vmid": 100}


def problems(params: dict[str, Any], verb: str = "PUT", template: str = CONFIG) -> list[str]:
    return [str(problem) for problem in FACTS.check(verb, template, {**GUEST, **params})]


def test_what_pve_takes_is_taken() -> None:
    assert not problems(
        {
            "cores": 4,
            "memory": "8192",
            "onboot": True,
            "cpulimit": 1.5,
            "agent": "enabled=1,fstrim_cloned_disks=0",
            "net0": "virtio=AA:BB:CC:DD:EE:FF,bridge=vmbr0,firewall=1,tag=5",
            "net31": "model=virtio,bridge=vmbr0",
            "scsi0": "local-lvm:50,iothread=on,cache=writeback",
            "delete": ["net1", "ide2"],
            "tags": ["prod", "web"],
            "description": None,
        }
    )


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"coress": 2}, "coress: is unknown; did you mean cores?"),
        ({"nett0": "virtio"}, "nett0: is unknown; did you mean net0?"),
        ({"scsi31": "local:1"}, "scsi31: is one too many: there are scsi0 to scsi30"),
        ({"cores": "many"}, "cores: must be a whole number, not 'many'"),
        ({"cores": 2.5}, "cores: must be a whole number, not '2.5'"),
        ({"cores": 0}, "cores: must be at least 1, not 0"),
        ({"cpulimit": 500}, "cpulimit: must be at most 128, not 500"),
        ({"onboot": "yes"}, "onboot: must be true or false (1 or 0), not 'yes'"),
        ({"bios": "ovfm"}, "bios: must be one of seabios, ovmf, not 'ovfm'; did you mean ovmf?"),
        ({"digest": "a" * 41}, "digest: must have at most 40 characters, not 41"),
        ({"net0": "virtio,tag=5000"}, "net0.tag: must be at most 4094, not 5000"),
        ({"net0": "virtio,bridg=x"}, "net0.bridg: is unknown; did you mean bridge?"),
        ({"net0": "bridge=vmbr0"}, "net0.model: is missing"),
        ({"net0": "virtio,tag=1,tag=2"}, "net0.tag: is given twice"),
        ({"memory": "8"}, "memory.current: must be at least 16, not 8"),
        ({"net0": {"model": "virtio"}}, "net0: is a mapping; PVE wants it written as one string"),
        ({"cores": [1, 2]}, "cores: takes one value, not a list"),
        ({"cores": b"2"}, "cores: is a bytes; a text or number is needed"),
        ({"force": True}, "delete: is missing: force needs it"),
        ({"vmid": 99}, "vmid: must be at least 100, not 99"),
    ],
)
def test_each_fault_is_named_precisely(params: dict[str, Any], problem: str) -> None:
    assert problems(params) == [problem]


def test_all_faults_come_at_once() -> None:
    assert len(problems({"cores": 0, "sockets": "x", "foo": 1, "net0": "virtio,tag=0,mtu=0"})) == 5


def test_missing_parameters_are_named() -> None:
    assert FACTS.check("POST", "/nodes/{node}/qemu", {"node": "pve1"}) == [Problem("vmid", "is missing")]


def test_secrets_are_not_repeated() -> None:
    found = FACTS.check("PUT", "/access/password", {"userid": "a@pve", "password": "abc"})
    assert [problem.name for problem in found] == ["password"]
    assert "abc" not in str(found)


def test_versions_differ() -> None:
    assert Facts.load("9.1").method("GET", "/cluster/ha/rules")
    assert not Facts.load("8.4").method("GET", "/cluster/ha/rules")


def test_facts_for_people() -> None:
    cores = FACTS.parameter("PUT", CONFIG, "cores")
    assert cores
    assert (cores.type, cores.minimum, cores.default) == ("integer", 1, 1)
    bridge = FACTS.parameter("PUT", CONFIG, "net7")
    assert bridge
    assert "bridge" in bridge.parts
    assert FACTS.parameter("PUT", CONFIG, "nonsense") is None


@pytest.mark.parametrize("version", ["8.4", "9.1"])
def test_every_method_of_a_table_can_be_read(version: str) -> None:
    facts = Facts.load(version)
    methods = [facts.method(verb, path) for path in facts.paths() for verb in facts.verbs(path)]
    assert len(methods) > 600
    assert all(method and method.name for method in methods)


def _routed() -> Iterator[tuple[Exchange, str, dict[str, Any]]]:
    """Golden requests with their template and all parameters; those with placeholders of the recorder are left out."""
    routes = [
        (
            re.compile("".join(r"([^/]+)" if part.startswith("{") else re.escape(part) for part in parts)),
            template,
            re.findall(r"\{([\w-]+)\}", template),
        )
        for template in FACTS.paths()
        for parts in [re.split(r"(\{[\w-]+\})", template)]
    ]
    routes.sort(key=lambda route: len(route[2]))
    for exchange in ground_truth.golden():
        if not isinstance(exchange.params, dict) or "upload" in exchange.raw or exchange.path.startswith("!"):
            continue
        path = exchange.path.replace("${node}", "pve1")
        given = {
            name: str(value).replace("${node}", "pve1") if isinstance(value, str) else value
            for name, value in exchange.params.items()
        }
        if "${" in path + str(given):
            continue
        for pattern, template, names in routes:
            if (match := pattern.fullmatch(path)) and FACTS.method(exchange.method, template):
                in_path = dict(zip(names, map(unquote, match.groups()), strict=True))
                if not in_path.keys() & given.keys():
                    yield exchange, template, in_path | given
                break


@ground_truth.needs("golden")
def test_nothing_is_refused_that_a_real_server_took() -> None:
    taken = 0
    for exchange, template, params in _routed():
        body = exchange.raw["response"].get("body") or {}
        if exchange.answer.status not in (400, 401, 403) and "verification failed" not in str(body.get("message")):
            taken += 1
            assert not FACTS.check(exchange.method, template, params), exchange
    assert taken > 3000


@ground_truth.needs("golden")
def test_most_of_what_a_real_server_refused_is_refused_here_already() -> None:
    """The rest needs PVE's named formats or its state ("no such job"), which only the server can judge."""
    caught = same_names = all_refused = 0
    for exchange, template, params in _routed():
        body = exchange.raw["response"].get("body") or {}
        if exchange.answer.status == 400 and body.get("errors"):
            all_refused += 1
            if found := FACTS.check(exchange.method, template, params):
                caught += 1
                same_names += {problem.name.partition(".")[0] for problem in found} == set(body["errors"])
    assert caught > 0.6 * all_refused
    assert same_names > 0.95 * caught
