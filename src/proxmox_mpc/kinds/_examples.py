"""What a value looks like, where neither its type, its choices nor its help show one: by the field's name.

Where fields of one name mean different things, `KIND.PATH` goes before.
"""

from __future__ import annotations

EXAMPLES: dict[str, str] = {
    # names of other objects
    "node": "pve1", "nodes": "[pve1, pve2]", "storage": "local-lvm", "pool": "production", "bridge": "vmbr0",
    "user": "amy@pve", "users": "[amy@pve]", "group": "operators", "groups": "[operators]", "role": "PVEVMAdmin",
    "realm": "corp", "template": "debian-12-template", "zone": "lab", "fabric": "spine", "controller": "evpn1",
    "mapping": "gpu", "guests": "[100, 101]", "exclude": "[100]", "resources": "[vm:100, vm:101]", "target": "pve2",
    "targets": "[on-call]", "mailToUsers": "[root@pam]", "dns": "powerdns", "reverseDns": "powerdns",
    "exitNodes": "[pve1]", "primaryExitNode": "pve1", "dataPool": "data", "base": '"san:0.0.1.scsi-1"',
    "ACL.token": "amy@pve!ci", "Container.mounts.*.target": "/srv/data",
    # volumes and files
    "volume": '"local-lvm:vm-100-disk-0"', "iso": '"local:iso/debian-12.iso"', "drive": '"local-lvm:vm-100-cloudinit"',
    "importFrom": '"local:import/debian-12.qcow2"', "hookscript": '"local:snippets/hook.pl"',
    "ostemplate": '"local:vztmpl/debian-12-standard_12.12-1_amd64.tar.zst"', "network": '"local:snippets/net.yml"',
    "vendor": '"local:snippets/vendor.yml"', "meta": '"local:snippets/meta.yml"', "filename": "debian-12.iso",
    "source": "./debian-12.iso", "appliance": "debian-12-standard_12.12-1_amd64.tar.zst",
    "script": "/usr/local/bin/hook",
    "checksum": "3b0c…", "path": "/srv/data", "directory": "https://acme-v02.api.letsencrypt.org/directory",
    "temporaryDirectory": "/srv/scratch", "dumpDirectory": "/srv/dump", "excludePaths": '["/var/cache/?*"]',
    "mountpoint": "/tank/vms", "zfsBasePath": "/dev/zvol", "device": "/dev/sdb", "devices": "[/dev/sdb]",
    "directories": '["node=pve1,path=/srv/share"]',
    # addresses
    "gateway": "10.0.0.1", "gateway6": '"fd00::1"', "cidr": "10.0.0.0/24", "cidr6": '"fd00::11/64"', "ip": "10.0.0.11",
    "ip6": '"fd00::11"', "ipPrefix": "10.0.0.0/24", "ip6Prefix": '"fd00::/64"', "server": "10.0.0.9",
    "server1": "10.0.0.2", "server2": "10.0.0.3", "server3": "10.0.0.4", "nameservers": "[10.0.0.2]",
    "searchDomain": "example.org", "search": "example.org", "domain": "example.org", "domains": "pve1.example.org",
    "portal": "10.0.0.9", "monhost": "10.0.0.1 10.0.0.2", "peers": "[10.0.0.11, 10.0.0.12]", "loopback": "lo",
    "address": "10.0.0.11", "interfaces": "[eno1]", "isisInterfaces": "[eno1]", "dnsZone": "example.org",
    "dhcpRanges": '["start-address=10.0.0.100,end-address=10.0.0.200"]', "dhcpDns": "10.0.0.2", "dnsPrefix": "lab",
    "ports": "[eno2]", "ovsPorts": "[eno2]", "slaves": "[eno1, eno2]", "primary": "eno1", "trunks": "10;20-30",
    "url": "https://example.org/x", "origin": "https://pve.example.org:8006", "appid": "https://pve.example.org:8006",
    "httpProxy": "http://proxy:3128", "issuerUrl": "https://id.example.org",
    "termsOfService": "https://letsencrypt.org/documents/LE-SA-v1.5.pdf", "apiPathPrefix": "/influx",
    # people and secrets
    "username": "backup@pbs", "password": "correct-horse", "token": "…", "key": "…", "clientKey": "…",
    "externalKey": "…",
    "keyring": "…", "encryptionKey": "autogen", "masterKey": "…", "secrets": "{ token: … }", "data": "…",
    "sshKeys": '["ssh-ed25519 AAAA… amy@laptop"]', "fingerprint": '"AB:CD:…"', "email": "amy@example.org",
    "emailFrom": "pve@example.org", "fromAddress": "pve@example.org", "mailTo": "[ops@example.org]",
    "contact": "[ops@example.org]", "firstName": "Amy", "lastName": "Adams", "author": "PVE", "externalKeyId": "kid-1",
    "clientId": "pve", "usernameClaim": "email", "groupsClaim": "groups", "bindDn": '"cn=pve,dc=example,dc=org"',
    "baseDn": '"dc=example,dc=org"', "groupDn": '"ou=groups,dc=example,dc=org"', "userAttribute": "uid",
    "groupNameAttribute": "cn", "groupFilter": '"(objectClass=group)"', "filter": '"(objectClass=person)"',
    "syncAttributes": '"email=mail,firstname=givenName"', "syncDefaults": '"scope=both,enable-new=1"',
    "tfa": "type=oath",
    "certificate": "/etc/ssl/client.pem", "certificateKey": "/etc/ssl/client.key", "prompt": "login",
    "acrValues": "mfa",
    "keys": "x!oath",
    # texts
    "comment": "Ours", "description": "What it is for", "consentText": "Be kind", "organization": "example",
    "bucket": "proxmox", "notesTemplate": '"{{guestname}} on {{node}}"', "name": "PVE", "id": "example.org",
    "language": "de", "timezone": "Europe/Vienna", "schedule": '"sat 03:00"', "colorMap": '"prod:ff0000"',
    "list": "prod;test", "ostype": "debian", "arch": "amd64", "alias": "Lab", "serial": "S-1", "format": "qcow2",
    "affinity": "[prod]", "antiAffinity": "[db]", "profile": "default", "failureDomain": "host", "mdev": "nvidia-63",
    "headers": '["name=Accept,value=Ki8q"]', "body": "e30=", "fields": '["exact:type=vzdump"]',
    "otelHeaders": "eyJhIjogImIifQ==", "otelAttributes": "eyJhIjogImIifQ==", "conntrackHelpers": "ftp,sip",
    "targetFencing": "ops", "targetPackageUpdates": "ops", "targetReplication": "ops", "ovsOptions": "tag=7",
    "isisDomain": "lab", "isisNet": "49.0001.0000.0000.0001.00", "area": '"0"', "routeImport": '"65000:1"',
    "content": '"10.0.0.11 pve1"', "mountOptions": "vers=4.2", "export": "/srv/nas", "share": "data", "subdir": "/pve",
    "datastore": "main", "backupNamespace": "lab", "authSupported": "cephx", "fsName": "cephfs", "vgname": "vg1",
    "thinpool": "data", "safeRemoveThroughput": '"10485760"', "blocksize": "16k", "iscsiProvider": "LIO",
    "lioTpg": "tpg1", "comstarHg": "hosts", "comstarTg": "targets",
}  # fmt: skip
