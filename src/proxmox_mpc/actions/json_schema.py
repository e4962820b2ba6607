"""Describe all manifests as a JSON Schema, by which editors complete and check them."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from proxmox_mpc.actions._action import Request, Result, action
from proxmox_mpc.actions._session import Session
from proxmox_mpc.kinds import all_kinds, find_kind


class JsonSchemaRequest(Request):
    """Which kinds."""

    kinds: list[str] = Field([], description="Kinds, by any of their names; all when empty.")


class JsonSchemaResult(Result):
    """The schema of one manifest."""

    content: dict[str, Any]


@action(permission="system:read", route="GET /resources/schema", scope="own")
async def json_schema(session: Session, request: JsonSchemaRequest) -> JsonSchemaResult:
    """Describe all manifests as a JSON Schema, by which editors complete and check them."""
    from proxmox_mpc.kinds._json_schema import json_schema as schema_of

    kinds = [find_kind(word) for word in request.kinds] or list(all_kinds())
    return JsonSchemaResult(content=schema_of(kinds))
