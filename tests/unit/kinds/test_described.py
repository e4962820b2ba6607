"""What people are told of a field is true of it: its example can be written."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from proxmox_mpc.kinds import all_kinds
from proxmox_mpc.kinds._described import Described, described
from proxmox_mpc.kinds._kind import Kind

FIELDS = [
    pytest.param(kind, field, id=f"{kind.name}.{field.path}")
    for kind in all_kinds()
    for top in described(kind)
    for field in top.everything()
    if not field.fields and field.type != "map"
]


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_every_field_is_told_of_with_an_example_that_can_be_written(kind: Kind, field: Described) -> None:
    assert field.help
    assert field.type
    assert "secret" in str(field.notes) or field.example.split(": ")[-1].strip("[] {}") != "…"
    spec: dict[str, Any] = yaml.safe_load(field.example)
    try:
        kind.model.model_validate(spec)
    except ValidationError as error:
        wrong = [item for item in error.errors() if item["type"] != "missing"]
        assert wrong == []
