"""From an action's request model to what HTTP carries: its path, its query or its body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel

from proxmox_mpc.actions._action import WITH_SLASHES, Action
from proxmox_mpc.interfaces.api.pages import CURSOR, LIMIT, is_list

_BRACES = re.compile(r"{(\w+)}")
WITHOUT_BODY = ("GET", "DELETE")


@dataclass(frozen=True)
class Shape:
    """How an action is asked for: its method, its path, which fields stand in it, and the model of all the others."""

    method: str
    path: str
    in_path: tuple[str, ...]
    rest: type[BaseModel]

    @property
    def in_query(self) -> bool:
        """Whether the other fields are the query; else they are the body."""
        return self.method in WITHOUT_BODY

    @classmethod
    def of(cls, action: Action[Any, Any]) -> Shape:
        method, _, path = action.route.partition(" ")
        in_path = tuple(_BRACES.findall(path))
        for name in in_path:
            if WITH_SLASHES in action.request.model_fields[name].metadata:
                path = path.replace(f"{{{name}}}", f"{{{name}:path}}")
        fields: dict[str, Any] = {
            name: (info.rebuild_annotation(), info)
            for name, info in action.request.outside_fields().items()
            if name not in in_path
        }
        if method in WITHOUT_BODY:
            fields |= {"context": (str, CONTEXT)}
        if is_list(action):
            fields |= {"limit": (int | None, LIMIT), "cursor": (str, CURSOR)}
        config = ConfigDict(
            extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, regex_engine="python-re"
        )
        rest = create_model(
            f"{to_pascal(action.name)}{'Query' if method in WITHOUT_BODY else 'Body'}",
            __config__=config,
            __doc__=action.request.__doc__,
            **fields,
        )
        return cls(method, path, in_path, rest)


CONTEXT: Any = Field("", description="The context (cluster) that is meant; else the server's current one.")


def to_pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def request_of(action: Action[Any, Any], path: dict[str, Any], rest: BaseModel) -> Any:
    """The action's own request; only what was given counts as given."""
    given = {name: getattr(rest, name) for name in rest.model_fields_set if name in action.request.model_fields}
    return action.request(**given, **path)
