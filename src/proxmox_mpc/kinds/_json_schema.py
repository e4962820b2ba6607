"""The JSON Schema of all manifests, by which editors complete and check them.

What belongs here: what pydantic cannot know of the ways in which a value can be written. What never does: checks of our
own; a manifest that the schema lets pass is still checked against the API and the cluster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._field import Part, Wire
from proxmox_mpc.kinds._kind import API_VERSION, Kind

# What yaml-language-server and most editors read.
DIALECT = "http://json-schema.org/draft-07/schema#"
_DEFINITIONS = "#/definitions/{model}"
_REFERENCE = {"type": "object", "required": ["secretRef"], "properties": {"secretRef": {"type": "string"}}}
_WRITTEN: dict[Any, JsonSchemaValue] = {
    _codec.SIZE.parse: {"type": "string", "pattern": r"^\d+(\.\d+)?[KMGTkmgt](i?[Bb])?$", "examples": ["50G"]},
    _codec.MIB.parse: {"type": ["integer", "string"], "examples": [8192, "8G"]},
}


class _Generate(GenerateJsonSchema):
    """pydantic's own, but: what is absent is no null, lists can be texts, and some groups a bare value."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # it would only repeat the field's name

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        function = schema["function"]["function"]
        if (written := _WRITTEN.get(function)) is not None:
            return dict(written)
        if {"on", "off"} <= set(inner.get("enum", ())):
            return {"enum": [*inner["enum"], True, False]}  # as YAML 1.1 reads them
        if inner.get("type") == "array":
            return {"anyOf": [{**inner, "items": {"type": ["string", "integer", "object"]}}, {"type": "string"}]}
        return inner

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        whole, part = super().model_schema(schema), schema["cls"]
        if not issubclass(part, Part):
            return whole
        for name, info in part.model_fields.items():
            if any(isinstance(item, Wire) and item.secret for item in info.metadata):
                own = whole["properties"][info.alias or name]
                whole["properties"][info.alias or name] = {"anyOf": [own, _REFERENCE]}
        if not part.shorthand:
            return whole
        bare = whole["properties"][part.model_fields[part.shorthand].alias or part.shorthand]
        return {"anyOf": [whole, {key: value for key, value in bare.items() if key != "description"}]}


def json_schema(kinds: Sequence[Kind]) -> dict[str, Any]:
    """The schema of one manifest of any of these kinds."""
    inputs = [(kind.model, "validation", kind.model.__pydantic_core_schema__) for kind in map(_built, kinds)]
    refs, definitions = _Generate(by_alias=True, ref_template=_DEFINITIONS).generate_definitions(inputs)  # type: ignore[arg-type]
    return {
        "$schema": DIALECT,
        "title": "A manifest of Proxmox-MPC",
        "type": "object",
        "required": ["apiVersion", "kind", "metadata"],
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": API_VERSION},
            "kind": {"enum": [kind.name for kind in kinds]},
            "metadata": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "namespace": {"type": "string"},
                    "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
            "spec": {"type": "object"},
        },
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": kind.name}}},
                "then": {"properties": {"spec": refs[kind.model, "validation"]}},
            }
            for kind in kinds
        ]
        + [
            {
                "if": {"allOf": [_at("kind", {"const": kind.name}), _at("spec.kind", {"const": inner.name})]},
                "then": _at("spec.template.spec", refs[inner.model, "validation"]),
            }
            for kind in kinds
            if kind.expand is not None
            for inner in kinds
            if inner.name in get_args(kind.model.model_fields["kind"].annotation)
        ],
        "definitions": definitions,
    }


def _at(path: str, schema: JsonSchemaValue) -> JsonSchemaValue:
    """What stands at a dotted path has this schema."""
    for name in reversed(path.split(".")):
        schema = {"properties": {name: schema}}
    return schema


def _built(kind: Kind) -> Kind:
    kind.model.model_rebuild()  # validators are built when they are needed first
    return kind
