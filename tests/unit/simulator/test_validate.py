"""Parameters are refused in PVE's words, all wrong ones at once."""

from __future__ import annotations

import pytest

from proxmox_mpc.simulator import answers
from proxmox_mpc.simulator._routes import Routes, routes

CREATE = ("POST", "/nodes/{node}/qemu")


@pytest.fixture(scope="module")
def table() -> Routes:
    answers.load()
    return routes("9.1")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("cores", "0", "value must have a minimum value of 1"),
        ("cores", "2.0", "type check ('integer') failed - got '2.0'"),
        ("onboot", "yes", "type check ('boolean') failed - got 'yes'"),
        ("scsi31", "local:1", "property is not defined in schema and the schema does not allow additional properties"),
        ("name", "no_good", "invalid format - value does not look like a valid DNS name\n"),
        ("memory", "8", "invalid format - format error\nmemory.current: value must have a minimum value of 16\n"),
        (
            "net0",
            "virtio,bridge=vmbr0,tag=4095",
            "invalid format - format error\nnet0.tag: value must have a maximum value of 4094\n",
        ),
        ("net0", "virtio,bridge=", "invalid format - missing key in comma-separated list property\n"),
        (
            "ipconfig3",
            "gw=10.0.0.1",
            "invalid format - format error\nipconfig3.ip: missing property required by 'ipconfig3.gw'\n",
        ),
        ("tags", "ok;-no", "invalid format - invalid characters in tag\n"),
        (
            "boot",
            "order=floppy",
            "invalid format - format error\nboot.order: invalid format - invalid boot device 'floppy'\n\n",
        ),
    ],
)
def test_texts(table: Routes, key: str, value: str, text: str) -> None:
    method = table.method(*CREATE)
    assert method.parameters.check({"node": "n1", "vmid": "100", key: value}) == {key: text}


def test_missing_and_required(table: Routes) -> None:
    found = table.method(*CREATE).parameters.check({"node": "n1", "unique": "1"})
    assert found == {
        "vmid": "property is missing and it is not optional",
        "archive": "missing property required by 'unique'",
    }


@pytest.mark.parametrize("version", ["8.4", "9.1"])
def test_every_method_compiles(version: str) -> None:
    """Each pattern, range and format of each method can be checked: no type stops the table from working."""
    answers.load()
    table = routes(version)
    for path, verbs in table._facts.items():
        for verb in verbs:
            parameters = table.method(verb, path).parameters
            parameters.check(dict.fromkeys(parameters.indexes, "x"))


def test_paths_find_their_method(table: Routes) -> None:
    found = table.find("GET", "/nodes/n1/storage/local/content/local:iso/a.iso")
    assert found is not None
    assert found[1] == {"node": "n1", "storage": "local", "volume": "local:iso/a.iso"}
    assert table.find("GET", "/nodes/n1/nosuch") is None
    assert table.find("PATCH", "/version") is None
