"""API5, broken function level authorization: who may only look changes nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest

from proxmox_mpc.bootstrap import all_actions
from tests.server.security.world import World

V1 = "/api/v1"


@pytest.mark.parametrize(
    "action", [one for one in all_actions() if one.scope not in ("public", "own")], ids=lambda one: one.name
)
def test_api5_who_may_only_look_changes_nothing(world: World, action: Any) -> None:
    given = {name: "7200" if name != "kind" else "vm" for name in re.findall(r"{(\w+)}", action.route)}
    without = world.ask(action.name, "", **given)
    assert without.status == 401
    if action.permission.endswith(":read") and not action.writes:
        return
    samples: dict[str, Any] = {"apply": {"texts": []}, "install": {"chart": "", "name": "x"}, "upgrade": {"chart": ""}}
    from pydantic_core import PydanticUndefined

    for name, info in action.request.model_fields.items():
        if info.default is PydanticUndefined and info.default_factory is None and name not in given:
            kind = str(info.annotation)
            sample: Any = [] if "list" in kind else {} if "dict" in kind else 1 if "int" in kind else "x"
            given[info.alias or name] = sample
    given |= samples.get(action.name, {})
    reply = world.ask(action.name, world.ben, **given)
    assert reply.status in (403, 422), (given, reply.text)
    assert reply.status == 403 or reply.json["errors"], "its own check comes first, of what the request is"
