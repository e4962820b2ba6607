"""Collections beyond the recordings: notifications, replication jobs, ACME accounts."""

from __future__ import annotations

import base64
from typing import Any

from tests.unit.simulator.api import Api, running

NOTES = "/cluster/notifications"
GUEST: dict[str, Any] = {"guests": [{"vmid": 105, "type": "qemu", "node": "pve-node1", "config": {"name": "web"}}]}


async def test_fresh_cluster_mails_everything_to_root(api: Api) -> None:
    assert [t["name"] for t in await api.get(f"{NOTES}/targets")] == ["mail-to-root"]
    matcher = await api.get(f"{NOTES}/matchers/default-matcher")
    assert matcher["target"] == ["mail-to-root"]
    assert matcher["origin"] == "builtin"
    await api.do("PUT", f"{NOTES}/matchers/default-matcher", comment="mine")
    assert (await api.get(f"{NOTES}/matchers/default-matcher"))["origin"] == "modified-builtin"
    await api.do("DELETE", f"{NOTES}/matchers/default-matcher")
    assert (await api.get(f"{NOTES}/matchers/default-matcher"))["origin"] == "builtin"


async def test_endpoint_in_use_stays_and_names_are_shared(api: Api) -> None:
    await api.do("POST", f"{NOTES}/endpoints/gotify", name="push", server="https://g", token="secret")
    assert "token" not in await api.get(f"{NOTES}/endpoints/gotify/push")
    refused = await api.call("POST", f"{NOTES}/matchers", name="push")
    assert (refused.status, "same name already exists" in refused.reason) == (400, True)
    await api.do("POST", f"{NOTES}/matchers", name="all", target=["push"])
    refused = await api.call("DELETE", f"{NOTES}/endpoints/gotify/push")
    assert refused.reason == "cannot delete 'push', referenced by: all"
    assert (await api.call("POST", f"{NOTES}/matchers", name="lost", target=["nowhere"])).status == 404
    assert (await api.call("GET", f"{NOTES}/endpoints/smtp/push")).status == 404


async def test_webhook_keeps_secrets_that_are_not_sent_again(api: Api) -> None:
    hook = f"{NOTES}/endpoints/webhook"
    value = base64.b64encode(b"hidden").decode()
    await api.do("POST", hook, name="hook", method="post", url="https://x", secret=[f"name=key,value={value}"])
    await api.do("PUT", f"{hook}/hook", secret=["name=key"], comment="c")
    assert (await api.get(f"{hook}/hook"))["secret"] == ["name=key"]
    stored = api.sim.cluster.files["notifications.cfg"]["hook"]["secret"]
    assert stored == [f"name=key,value={value}"]
    refused = await api.call("PUT", f"{hook}/hook", secret=["name=other"])
    assert refused.reason == "secret 'other' not known"


async def test_mail_needs_somebody_to_write_to(api: Api) -> None:
    assert (await api.call("POST", f"{NOTES}/endpoints/sendmail", name="mail")).status == 400
    await api.do("POST", f"{NOTES}/endpoints/sendmail", name="mail", mailto=["a@example.com", "b@example.com"])
    digest = (await api.get(f"{NOTES}/endpoints/sendmail/mail"))["digest"]
    assert (await api.call("PUT", f"{NOTES}/endpoints/sendmail/mail", delete=["mailto"])).status == 400
    assert (await api.call("PUT", f"{NOTES}/endpoints/sendmail/mail", digest="0" * 64)).status == 400
    await api.do("PUT", f"{NOTES}/endpoints/sendmail/mail", digest=digest, author="PVE")


async def test_acme_account_lives_and_goes(api: Api) -> None:
    me = await api.as_user("root@pam", api.sim.password)
    assert await me.run("POST", "/cluster/acme/account", name="main", contact="a@example.com") == "OK"
    assert (await me.get("/cluster/acme/account/main"))["account"]["contact"] == ["mailto:a@example.com"]
    again = await me.call("POST", "/cluster/acme/account", name="main", contact="a@example.com")
    assert "already exists" in again.errors["name"]
    assert await me.run("DELETE", "/cluster/acme/account/main") == "OK"
    assert await me.get("/cluster/acme/account") == []


async def test_groups_of_the_older_version() -> None:
    async with running(pve_version="8.4", seed=GUEST) as api:
        await api.do("POST", "/cluster/ha/groups", group="left", nodes="pve-node1:2,pve-node2", nofailback=1)
        assert (await api.get("/cluster/ha/groups/left"))["nofailback"] == 1
        await api.do("POST", "/cluster/ha/resources", sid="vm:105", group="left")
        assert "is used by service 'vm:105'" in (await api.call("DELETE", "/cluster/ha/groups/left")).reason
        await api.do("DELETE", "/cluster/ha/resources/vm:105")
        await api.do("DELETE", "/cluster/ha/groups/left")
        assert await api.get("/cluster/ha/groups") == []
