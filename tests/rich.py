"""A cluster with something of everything, and a walk through all that can be read of a cluster."""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

from proxmox_mpc.pve import Cluster, PveError

SECRET = "hunter2-never-leaves"


def ask(verb: str, path: str, /, *pairs: str) -> dict[str, Any]:
    """A request of a seed; a key that is given twice is a list."""
    params: dict[str, Any] = {}
    for key, _, value in (pair.partition("=") for pair in pairs):
        params[key] = [*params[key], value] if key in params else [value]
    return {"method": verb, "path": path, "params": {k: v[0] if len(v) == 1 else v for k, v in params.items()}}


RICH: dict[str, Any] = {
    "storages": [
        {"storage": "local", "type": "dir", "path": "/var/lib/vz", "content": "iso,vztmpl,backup,snippets,import,images,rootdir"},
        {"storage": "local-lvm", "type": "lvmthin", "thinpool": "data", "vgname": "pve", "content": "images,rootdir"},
        {"storage": "shared-nfs", "type": "nfs", "server": "192.0.2.200", "export": "/export/pve", "content": "images,backup,iso"},
        {"storage": "tank", "type": "zfspool", "pool": "tank", "content": "images,rootdir", "total": 2_000_000_000_000},
    ],
    "files": [{"volid": "shared-nfs:backup/vzdump-qemu-101-2026_01_02-03_04_05.vma.zst", "notes": "kept", "protected": 1}],
    "guests": [
        {
            "vmid": 150, "type": "qemu", "node": "pve-node2", "status": "running", "uptime": 77,
            "config": {"name": "old", "cores": 2, "scsi0": "local-lvm:vm-150-disk-0,size=8G", "description": f"a: b\nhttp://me:p@{SECRET}@wiki",
                       "parent": "two", "cipassword": SECRET, "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1"},
            "pending": {"cores": 4, "delete": "description"},
            "snapshots": {"one": {"cores": 1, "snaptime": 5}, "two": {"cores": 2, "parent": "one", "snaptime": 9}},
        },
        {
            "vmid": 151, "type": "lxc", "node": "pve-node3",
            "config": {"hostname": "box", "rootfs": "local-lvm:vm-151-disk-0,size=2G", "arch": "amd64", "ostype": "debian",
                       "memory": 256, "description": "line"},
        },
        {"vmid": 152, "type": "qemu", "node": "pve-node2", "config": {"name": "copied", "scsi0": "tank:vm-152-disk-0,size=1G"}},
    ],
    "ceph": True,
    "pools": [{"poolid": "prod", "comment": "c", "guests": [150], "storages": ["shared-nfs"]}, "prod/web"],
    "requests": [
        ask("POST", "/nodes/pve-node3/network", "iface=vmbr5", "type=OVSBridge", "autostart=1"),
        ask("POST", "/nodes/pve-node3/network", "iface=mgmt", "type=OVSIntPort", "ovs_bridge=vmbr5", "ovs_tag=20", "cidr=10.20.0.3/24"),
        ask("PUT", "/nodes/pve-node3/network/eno1", "type=eth", "mtu=9000"),
        ask("PUT", "/nodes/pve-node3/network"),
        ask("POST", "/access/groups", "groupid=ops", "comment=the ops"),
        ask("POST", "/access/roles", "roleid=Watcher", "privs=VM.Audit,Sys.Audit"),
        ask("POST", "/access/users", "userid=amy@pve", "groups=ops", f"password={SECRET}", "email=amy@example.org", "expire=2000000000"),
        ask("POST", "/access/users/amy@pve/token/ci", "comment=for ci", "privsep=0"),
        ask("PUT", "/access/acl", "path=/vms", "groups=ops", "roles=Watcher", "propagate=0"),
        ask("PUT", "/access/acl", "path=/", "tokens=amy@pve!ci", "roles=PVEAuditor"),
        ask("POST", "/access/domains", "realm=corp", "type=ldap", "server1=ldap.example.org", "base_dn=dc=x", "user_attr=uid"),
        ask("POST", "/access/domains", "realm=sso", "type=openid", "issuer-url=https://id.example.org", "client-id=pve", f"client-key={SECRET}"),
        ask("PUT", "/access/domains/pve", "comment=ours"),
        ask("PUT", "/cluster/options", "migration=type=insecure,network=192.0.2.0/24", "registered-tags=red;blue",
            "user-tag-access=user-allow=list,user-allow-list=a;b", f"http_proxy=http://me:{SECRET}@proxy:8080", "max_workers=3"),
        ask("POST", "/cluster/mapping/dir", "id=share", "map=node=pve-node1,path=/srv/share"),
        ask("POST", "/cluster/mapping/usb", "id=dongle", "map=node=pve-node1,id=1234:abcd"),
        ask("POST", "/cluster/ha/resources", "sid=vm:150", "state=stopped", "max_restart=2"),
        ask("POST", "/cluster/ha/resources", "sid=ct:151", "comment=boxed"),
        ask("POST", "/cluster/ha/rules", "rule=apart", "type=resource-affinity", "affinity=negative", "resources=vm:150,ct:151"),
        ask("POST", "/cluster/ha/rules", "rule=here", "type=node-affinity", "nodes=pve-node2:2,pve-node3", "resources=vm:150", "strict=1"),
        ask("POST", "/cluster/backup", "id=nightly", "schedule=22:30", "storage=shared-nfs", "all=1", "exclude=151",
            "prune-backups=keep-last=3,keep-weekly=2", "fleecing=enabled=1,storage=local-lvm", "exclude-path=/tmp/?*", "exclude-path=/x"),
        ask("POST", "/cluster/replication", "id=152-0", "type=local", "target=pve-node1", "schedule=*/30", "rate=10"),
        ask("POST", "/cluster/jobs/realm-sync/sync1", "realm=corp", "schedule=daily", "scope=users"),
        ask("POST", "/cluster/metrics/server/flux", "type=influxdb", "server=192.0.2.99", "port=8086", "influxdbproto=http", f"token={SECRET}"),
        ask("POST", "/cluster/notifications/endpoints/gotify", "name=phone", "server=https://push.example.org", f"token={SECRET}"),
        ask("POST", "/cluster/notifications/endpoints/smtp", "name=post", "server=mail", "mailto=a@example.org", "from-address=x@example.org",
            "username=u", f"password={SECRET}"),
        ask("POST", "/cluster/notifications/matchers", "name=all", "target=phone", "target=post", "match-severity=error,warning"),
        ask("POST", "/cluster/acme/plugins", "id=dns1", "type=dns", "api=cf", f"data={SECRET}"),
        ask("POST", "/cluster/sdn/ipams", "ipam=book", "type=netbox", "url=https://ipam.example.org/api", f"token={SECRET}"),
        ask("POST", "/cluster/sdn/dns", "dns=names", "type=powerdns", "url=https://dns.example.org", f"key={SECRET}", "ttl=60"),
        ask("POST", "/cluster/sdn/fabrics/fabric", "id=spine", "protocol=openfabric", "ip_prefix=10.255.0.0/24", "hello_interval=3"),
        ask("POST", "/cluster/sdn/fabrics/node/spine", "node_id=pve-node1", "protocol=openfabric", "ip=10.255.0.1",
            "interfaces=name=ens19", "interfaces=name=ens20"),
        ask("POST", "/cluster/sdn/zones", "zone=lab", "type=simple", "ipam=pve"),
        ask("POST", "/cluster/sdn/zones", "zone=gone", "type=simple"),
        ask("POST", "/cluster/sdn/vnets", "vnet=v1", "zone=lab", "alias=one"),
        ask("POST", "/cluster/sdn/vnets/v1/subnets", "subnet=10.9.0.0/24", "type=subnet", "gateway=10.9.0.1"),
        ask("PUT", "/cluster/sdn"),
        ask("PUT", "/cluster/sdn/vnets/v1/firewall/options", "policy_forward=DROP"),
        ask("POST", "/cluster/sdn/vnets/v1/firewall/rules", "type=forward", "action=ACCEPT", "enable=1"),
        ask("DELETE", "/cluster/sdn/zones/gone"),
        ask("PUT", "/cluster/sdn/vnets/v1/subnets/lab-10.9.0.0-24", "snat=1", "delete=gateway"),
        ask("POST", "/cluster/sdn/vnets/v1/subnets", "subnet=10.8.0.0/24", "type=subnet", "dhcp-range=start-address=10.8.0.5,end-address=10.8.0.9"),
        ask("PUT", "/cluster/sdn/vnets/v1", "alias=uno"),
        ask("POST", "/cluster/sdn/vnets", "vnet=v2", "zone=lab"),
        ask("POST", "/cluster/firewall/aliases", "name=Gate", "cidr=192.0.2.1", "comment=the way out"),
        ask("POST", "/cluster/firewall/ipset", "name=admins", "comment=who may"),
        ask("POST", "/cluster/firewall/ipset/admins", "cidr=192.0.2.0/25", "nomatch=1"),
        ask("POST", "/cluster/firewall/groups", "group=web", "comment=80"),
        ask("POST", "/cluster/firewall/groups/web", "type=in", "action=ACCEPT", "proto=tcp", "dport=80", "enable=1"),
        ask("POST", "/cluster/firewall/groups/web", "type=in", "action=ACCEPT", "macro=SSH"),
        ask("POST", "/cluster/firewall/rules", "type=in", "action=DROP", "source=+admins", "comment=second"),
        ask("POST", "/cluster/firewall/rules", "type=in", "action=ACCEPT", "source=Gate", "comment=first", "enable=1"),
        ask("PUT", "/cluster/firewall/options", "enable=1", "policy_in=DROP"),
        ask("PUT", "/nodes/pve-node1/firewall/options", "log_level_in=info"),
        ask("POST", "/nodes/pve-node1/firewall/rules", "type=group", "action=web"),
        ask("POST", "/nodes/pve-node2/qemu/150/firewall/rules", "type=out", "action=REJECT"),
        ask("POST", "/nodes/pve-node2/qemu/150/firewall/ipset", "name=own"),
        ask("POST", "/nodes/pve-node3/lxc/151/firewall/aliases", "name=me", "cidr=10.1.1.1"),
        ask("PUT", "/nodes/pve-node3/lxc/151/firewall/options", "enable=1"),
        ask("POST", "/nodes/pve-node1/disks/zfs", "name=fast", "devices=/dev/sdb,/dev/sdc", "raidlevel=mirror", "add_storage=1"),
        ask("POST", "/nodes/pve-node2/disks/lvm", "name=slow", "device=/dev/sdd", "add_storage=1"),
        ask("POST", "/nodes/pve-node3/disks/directory", "name=plain", "device=/dev/sdd", "add_storage=1"),
        ask("POST", "/nodes/pve-node1/ceph/init"),
        ask("POST", "/nodes/pve-node1/ceph/mon/pve-node1"),
        ask("POST", "/nodes/pve-node2/ceph/osd", "dev=/dev/sdb"),
        ask("POST", "/nodes/pve-node1/ceph/mds/pve-node1"),
        ask("POST", "/nodes/pve-node1/ceph/pool", "name=disks", "size=1", "min_size=1", "add_storages=1"),
        ask("PUT", "/nodes/pve-node2/config", "description=a node", "wakeonlan=00:11:22:33:44:55"),
        ask("PUT", "/nodes/pve-node3/time", "timezone=Europe/Vienna"),
        ask("POST", "/nodes/pve-node3/hosts", "data=127.0.0.1 localhost\n192.0.2.13 pve-node3\n"),
        ask("PUT", "/nodes/pve-node2/apt/repositories", "handle=no-subscription"),
        ask("PUT", "/nodes/pve-node3/dns", "search=example.org", "dns1=192.0.2.8"),
    ],
}  # fmt: skip

# What a path's variable is called in the rows of a list, and that list.
NAMES = {
    "node": ("/nodes", "node"), "storage": ("/storage", "storage"), "poolid": ("/pools", "poolid"),
    "userid": ("/access/users", "userid"), "groupid": ("/access/groups", "groupid"), "roleid": ("/access/roles", "roleid"),
    "realm": ("/access/domains", "realm"), "sid": ("/cluster/ha/resources", "sid"), "rule": ("/cluster/ha/rules", "rule"),
    "vnet": ("/cluster/sdn/vnets", "vnet"), "zone": ("/cluster/sdn/zones", "zone"), "group": ("/cluster/firewall/groups", "group"),
}  # fmt: skip
# Of the machine or the moment, not of what is configured.
MOMENTARY = re.compile(
    r"/tasks|/journal|/syslog|/report|/certificates|/rrd|/cluster/log$|/access/ticket|/version|/cluster/config|/nextid"
    r"|console|vnc|websocket|/mtunnel|/ceph|/apt/|/query-|/migrate|/netstat|/dump"
)


async def reads(pve: Cluster) -> AsyncIterator[tuple[str, dict[str, str], Any]]:
    """Every GET of the API with every name that fits: its path's template, the names, and the data or the error."""
    await pve.version()
    there = {variable: place for variable, place in NAMES.items() if pve.facts.method("GET", place[0])}
    lists = {variable: [r[key] for r in await pve.get(path)] for variable, (path, key) in there.items()}
    guests = [(r["node"], r["type"], str(r["vmid"])) for r in await pve.get("/cluster/resources", type="vm")]
    for path in pve.facts.paths():
        if pve.facts.method("GET", path) is None or MOMENTARY.search(path):
            continue
        for names in ways(path, lists, guests):
            for view in ({}, {"pending": "1"}, {"running": "1"}, {"current": "1"}):
                if all(pve.facts.parameter("GET", path, key) for key in view):
                    try:
                        yield path, {**names, **view}, await pve.get(path, {**names, **view})
                    except PveError as error:
                        yield path, {**names, **view}, error


def ways(path: str, lists: dict[str, list[str]], guests: list[tuple[str, str, str]]) -> Iterator[dict[str, str]]:
    """The variables of a path, filled in every way that the cluster offers; none where something else is needed."""
    variables = re.findall(r"\{([\w-]+)\}", path)
    if "vmid" in variables:
        kind = path.split("/")[3]
        if set(variables) <= {"node", "vmid"}:
            yield from ({"node": n, "vmid": v} for n, t, v in guests if t == kind)
    elif all(v in lists for v in variables):
        yield from (
            dict(zip(variables, values, strict=True)) for values in itertools.product(*(lists[v] for v in variables))
        )
