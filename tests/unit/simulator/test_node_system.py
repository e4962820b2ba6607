"""What a node is as a machine: packages, subscription, hosts, time, logs, certificates, templates."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxmox_mpc.simulator import SteppedClock
from proxmox_mpc.simulator._routes import routes
from tests.conformance import returns
from tests.unit.simulator.api import Api, running

NODE = "/nodes/pve-node1"
REPOSITORIES = f"{NODE}/apt/repositories"


async def statuses(api: Api) -> dict[str, Any]:
    return {row["handle"]: row.get("status") for row in (await api.get(REPOSITORIES))["standard-repos"]}


async def test_repositories_are_switched_and_added(api: Api) -> None:
    before = await api.get(REPOSITORIES)
    assert await statuses(api) | {"enterprise": 1, "no-subscription": None} == await statuses(api)
    assert await api.run("POST", f"{NODE}/apt/update") == "command 'apt-get update' failed: exit code 100"
    path = next(f["path"] for f in before["files"] if "enterprise" in f["path"])
    switch = {"path": path, "index": 0, "enabled": 0, "digest": before["digest"]}
    await api.do("POST", REPOSITORIES, **switch)
    assert "detected modified configuration" in (await api.call("POST", REPOSITORIES, **switch)).reason
    ceph = next(f["path"] for f in before["files"] if "ceph" in f["path"])
    await api.do("POST", REPOSITORIES, path=ceph, index=0, enabled=0)
    await api.do("PUT", REPOSITORIES, handle="no-subscription")
    assert {k: v for k, v in (await statuses(api)).items() if v is not None} == {
        "enterprise": 0, "no-subscription": 1, "ceph-squid-enterprise": 0,
    }  # fmt: skip
    assert await api.run("POST", f"{NODE}/apt/update") == "OK"
    assert "pve-manager" in [row["Package"] for row in await api.get(f"{NODE}/apt/update")]
    assert (await api.call("PUT", REPOSITORIES, handle="nothing")).status == 500
    assert (await api.call("POST", REPOSITORIES, path=path, index=7, enabled=1)).reason == "invalid index 7"
    assert "pve-manager (" in await api.get(f"{NODE}/apt/changelog", name="pve-manager")


async def test_a_key_of_the_right_form_is_a_subscription_for_a_year() -> None:
    clock = SteppedClock()
    async with running(clock=clock) as api:
        assert (await api.get(f"{NODE}/subscription"))["status"] == "notfound"
        await api.do("PUT", f"{NODE}/subscription", key="pve2s-0123456789")
        found = await api.get(f"{NODE}/subscription")
        assert (found["status"], found["sockets"], found["level"]) == ("active", 2, "s")
        assert (await api.get("/nodes/pve-node2/subscription"))["status"] == "notfound"
        await clock.pass_time(366 * 86_400)
        assert (await api.get(f"{NODE}/subscription"))["status"] == "expired"
        await api.do("DELETE", f"{NODE}/subscription")
        assert (await api.get(f"{NODE}/subscription"))["status"] == "notfound"


async def test_hosts_and_time_zone_are_kept(api: Api) -> None:
    found = await api.get(f"{NODE}/hosts")
    assert "pve-node1" in found["data"]
    await api.do("POST", f"{NODE}/hosts", data="127.0.0.1 localhost\n", digest=found["digest"])
    assert (await api.get(f"{NODE}/hosts"))["data"] == "127.0.0.1 localhost\n"
    stale = await api.call("POST", f"{NODE}/hosts", data="x", digest=found["digest"])
    assert "detected modified configuration" in stale.reason
    await api.do("PUT", f"{NODE}/time", timezone="Asia/Kolkata")
    clock = await api.get(f"{NODE}/time")
    assert clock["localtime"] - clock["time"] == 5.5 * 3600
    assert (await api.call("PUT", f"{NODE}/time", timezone="Middle/Earth")).status == 500


async def test_logs_tell_what_the_node_did(api: Api) -> None:
    upid = await api.do("POST", f"{NODE}/services/cron/restart")
    await api.ended(upid)
    lines = [row["t"] for row in await api.get(f"{NODE}/syslog", limit=0)]
    assert [upid in line for line in lines[-2:]] == [True, True]
    tail = await api.get(f"{NODE}/journal", lastentries=1)
    assert upid in tail[1]
    assert await api.get(f"{NODE}/journal", startcursor=tail[-1], lastentries=5) != tail
    (row,) = await api.get(f"{NODE}/syslog", since="2001-01-01", until="2001-01-02")
    assert row["t"] == "-- No entries --"
    assert "pve-node2" in await api.get(f"{NODE}/report")


def certificate(name: str) -> tuple[str, str]:
    """A certificate and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=9))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), private.decode()


async def uploaded(api: Api) -> list[str]:
    rows = await api.get(f"{NODE}/certificates/info")
    return [row["subject"] for row in rows if row["filename"] == "pveproxy-ssl.pem"]


async def test_a_certificate_is_uploaded_with_its_key(api: Api) -> None:
    custom, (pem, key), (_, other) = f"{NODE}/certificates/custom", certificate("a.example"), certificate("b.example")
    assert "key" in (await api.call("POST", custom, certificates=pem)).errors
    assert (await api.call("POST", custom, certificates=pem, key=other)).reason == "certificate and key do not match"
    assert "certificates" in (await api.call("POST", custom, certificates="nonsense", key=key)).errors
    assert (await api.do("POST", custom, certificates=pem, key=key))["subject"] == "/CN=a.example"
    assert await uploaded(api) == ["/CN=a.example"]
    assert "force" in (await api.call("POST", custom, certificates=pem, key=key)).errors
    assert key not in str(await api.get(f"{NODE}/certificates/info"))
    await api.do("DELETE", custom)
    assert await uploaded(api) == []


async def test_a_certificate_is_ordered_renewed_and_revoked(api: Api) -> None:
    order = f"{NODE}/certificates/acme/certificate"
    assert "no domains configured" in (await api.call("POST", order)).reason
    await api.do("PUT", f"{NODE}/config", acme="domains=a.example;b.example")
    assert "name" in (await api.call("POST", order)).errors
    root = await api.as_root()
    assert await root.run("POST", "/cluster/acme/account", contact="me@a.example") == "OK"
    assert await api.run("POST", order) == "OK"
    row = (await api.get(f"{NODE}/certificates/info"))[-1]
    assert row["san"] == ["a.example", "b.example"]
    assert "force" in (await api.call("PUT", order)).errors
    assert await api.run("PUT", order, force=1) == "OK"
    assert await api.run("DELETE", order) == "OK"
    assert await uploaded(api) == []


async def test_a_template_is_downloaded(api: Api) -> None:
    template = next(r["template"] for r in await api.get(f"{NODE}/aplinfo") if r["os"] == "debian-13")
    assert await api.run("POST", f"{NODE}/aplinfo", storage="local", template=template) == "OK"
    volumes = [v["volid"] for v in await api.get(f"{NODE}/storage/local/content", content="vztmpl")]
    assert f"local:vztmpl/{template}" in volumes
    how = {"vmid": 100, "ostemplate": f"local:vztmpl/{template}", "rootfs": "local:1"}
    assert await api.run("POST", f"{NODE}/lxc", **how) == "OK"


async def test_templates_that_are_there_can_be_had_too(api: Api) -> None:
    offered = {r["template"] for r in await api.get(f"{NODE}/aplinfo")}
    there = [v["volid"] for v in await api.get(f"{NODE}/storage/local/content", content="vztmpl")]
    assert there
    assert {volid.rpartition("/")[2] for volid in there} <= offered


@pytest.mark.parametrize("version", ["9.1", "8.4"])
async def test_all_of_it_has_the_shape_of_the_schema(version: str) -> None:
    query: dict[str, dict[str, Any]] = {"changelog": {"name": "pve-manager"}}
    wrong, read = [], 0
    async with running(pve_version=version, guests=4) as api:
        await api.do("PUT", f"{NODE}/subscription", key="pve1c-0123456789")
        await api.run("POST", f"{NODE}/apt/update")
        for part in ("apt", "certificates", "capabilities", "subscription", "hosts", "time", "syslog", "journal",
                     "netstat", "report", "aplinfo", "hardware", "disks", "scan"):  # fmt: skip
            for path, verbs in routes(version).paths.items():
                if "GET" in verbs and path.startswith(f"/nodes/{{node}}/{part}") and path.count("{") == 1:
                    answer = await api.call(
                        "GET", path.replace("{node}", "pve-node1"), **query.get(path.rpartition("/")[2], {})
                    )
                    if answer.status == 200:
                        read += 1
                        wrong += [f"{path}: {t}" for t in returns.complaints(version, "GET", path, answer.data)]
    assert read > 30
    assert not wrong
