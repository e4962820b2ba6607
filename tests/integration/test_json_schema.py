"""What editors are told of manifests: every manifest that is good passes, and what is wrong is marked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from proxmox_mpc.kinds import all_kinds
from proxmox_mpc.kinds._json_schema import json_schema
from tests.integration.test_every_kind import Case, cases, manifest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    schema = json_schema(all_kinds())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def wrong(validator: Draft7Validator, document: Any) -> list[str]:
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in validator.iter_errors(document)]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_what_a_kind_takes_passes(validator: Draft7Validator, case: Case) -> None:
    for spec in (case.spec, *(case.changed(path, value) for path, value in case.changes.items())):
        assert wrong(validator, manifest(case.kind, case.name, spec)) == []


def test_examples_pass(validator: Draft7Validator) -> None:
    # What is below charts/ are templates and values, which are no manifests until they are rendered.
    files = [path for path in EXAMPLES.rglob("*.yaml") if EXAMPLES / "charts" not in path.parents]
    texts = [path.read_text() for path in files] + [kind.example for kind in all_kinds()]
    documents = [document for text in texts for document in yaml.safe_load_all(text) if document]
    assert len(documents) > len(all_kinds())
    assert [line for document in documents for line in wrong(validator, document)] == []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("VirtualMachine", {"memroy": 512}),
        ("VirtualMachine", {"cpu": {"cores": "4"}}),
        ("VirtualMachine", {"disks": [{"storage": "local", "size": "50"}]}),
        ("VirtualMachine", {"agent": "yes please"}),
        ("ACL", {"path": "/"}),
        ("Wardrobe", {}),
        ("GuestSet", {"kind": "VirtualMachine", "replicas": 2, "template": {"spec": {"memroy": 512}}}),
    ],
)
def test_what_is_wrong_is_marked(validator: Draft7Validator, kind: str, spec: dict[str, Any]) -> None:
    assert wrong(validator, manifest(kind, "x", spec)) != []


@pytest.mark.parametrize("spec", [{"agent": True}, {"agent": {"enabled": True}}, {"memory": "8G"}, {"tags": "a;b"}])
def test_short_ways_to_write_pass(validator: Draft7Validator, spec: dict[str, Any]) -> None:
    assert wrong(validator, manifest("VirtualMachine", "x", spec)) == []
