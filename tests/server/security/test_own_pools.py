"""The pool of a namespace belongs to those who may write in it; what is in no namespace does not."""

from __future__ import annotations

from tests.server.security.world import World, pool, texts, vm


def test_who_may_write_in_a_namespace_may_declare_its_pool(world: World) -> None:
    token = world.enter("polly", operator=["pond"])
    manifests = texts(pool("pond"), vm("duck", "pond", 7301))
    shown = world.ok("plan", token, application="pond", texts=manifests)
    assert {step["kind"] for step in shown["steps"]} == {"Pool", "VirtualMachine"}
    assert world.ok("apply", token, application="pond", texts=manifests)["revision"] == 1
    names = [one["manifest"]["metadata"]["name"] for one in world.ok("get", token, kind="pool")["items"]]
    assert names == ["pond"]
    for other in (pool("lake"), pool("pond").rstrip() + "\nspec: { storages: [local] }\n"):
        reply = world.ask("plan", token, application="lake", texts=texts(other))
        assert (reply.status, reply.json["code"]) == (403, "auth.not-allowed"), reply.text
    reply = world.ask(
        "plan", token, application="lake", texts=texts(pool("pond").rstrip() + "\nspec: { storages: [local] }\n")
    )
    assert "Pool pond is in no namespace" in reply.json["detail"] or "lacks the permission" in reply.json["detail"]


def test_who_has_no_rights_at_all_is_told_so(world: World) -> None:
    reply = world.ask("get", world.enter("nora"), kind="vm")
    assert (reply.status, reply.json["code"]) == (403, "auth.not-allowed")
    assert reply.json["detail"] == "nothing is granted to nora in any context"
    assert "grant add" in reply.json["hint"]
