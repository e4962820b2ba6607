"""Realm: where users come from and who checks their passwords."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class RealmSpec(Part):
    """A realm. Which fields apply depends on its type; PVE refuses the others."""

    type: Literal["ad", "ldap", "openid", "pam", "pve"] = field("type", create_only=True, help="Its kind.")
    default: bool | None = field("default", default=False, help="Whether the log-in offers it first.")
    tfa: str | None = field("tfa", help="Second factor that everybody needs, as type=oath or type=yubico,….")
    comment: str | None = field("comment", help="A remark.")
    server1: str | None = field("server1", help="Directory server (ad, ldap).")
    server2: str | None = field("server2", help="Second server (ad, ldap).")
    port: int | None = field("port", ge=1, le=65535, help="Its port (ad, ldap).")
    mode: Literal["ldap", "ldaps", "ldap+starttls"] | None = field("mode", default="ldap", help="How it is reached.")
    secure: bool | None = field("secure", help="Old spelling of mode ldaps.")
    ssl_version: Literal["tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3"] | None = field(
        "sslversion", help="Lowest TLS version."
    )
    verify: bool | None = field("verify", default=False, help="Check the server's certificate.")
    ca_path: str | None = field("capath", default="/etc/ssl/certs", help="Certificates that are trusted.")
    certificate: str | None = field("cert", help="Own certificate, a path on the nodes.")
    certificate_key: str | None = field("certkey", help="Its key, a path on the nodes.")
    domain: str | None = field("domain", help="Domain (ad).")
    base_dn: str | None = field("base_dn", help="Where users are (ldap).")
    bind_dn: str | None = field("bind_dn", help="Who asks (ad, ldap).")
    password: str | None = field("password", secret=True, beside=("bindDn",), help="Its password (ad, ldap).")
    user_attribute: str | None = field("user_attr", help="Attribute with the user name (ldap).")
    user_classes: str | None = field(
        "user_classes", default="inetorgperson, posixaccount, person, user", help="Classes of users."
    )
    group_dn: str | None = field("group_dn", help="Where groups are.")
    group_name_attribute: str | None = field("group_name_attr", help="Attribute with the group's name.")
    group_classes: str | None = field(
        "group_classes", default="groupOfNames, group, univentionGroup, ipausergroup", help="Classes of groups."
    )
    group_filter: str | None = field("group_filter", help="Which groups.")
    filter: str | None = field("filter", help="Which users.")
    sync_attributes: str | None = field("sync_attributes", help="Which attributes are taken over, as email=mail,….")
    sync_defaults: str | None = field("sync-defaults-options", help="Defaults of a synchronization, as scope=users,….")
    case_sensitive: bool | None = field("case-sensitive", default=True, help="Whether case counts in user names.")
    check_connection: bool | None = field("check-connection", hint=True, help="Try to log in before it is stored.")
    issuer_url: str | None = field("issuer-url", help="Issuer (openid).")
    client_id: str | None = field("client-id", help="Client (openid).")
    client_key: str | None = field("client-key", secret=True, beside=("clientId",), help="Its key (openid).")
    auto_create: bool | None = field("autocreate", default=False, help="Make users at their first log-in (openid).")
    username_claim: str | None = field("username-claim", create_only=True, help="Claim with the user name (openid).")
    groups_claim: str | None = field("groups-claim", help="Claim with the groups (openid).")
    groups_auto_create: bool | None = field("groups-autocreate", default=False, help="Make groups (openid).")
    groups_overwrite: bool | None = field("groups-overwrite", default=False, help="Replace a user's groups (openid).")
    prompt: str | None = field("prompt", help="What the provider asks (openid).")
    scopes: str | None = field("scopes", default="email profile", help="Scopes (openid).")
    acr_values: str | None = field("acr-values", help="Authentication classes (openid).")
    query_user_info: bool | None = field("query-userinfo", default=True, help="Ask the userinfo endpoint (openid).")


KIND = regular(
    "Realm",
    "realms",
    (),
    RealmSpec,
    Collection("/access/domains", "/access/domains/{realm}", "realm", detailed=True, comment="comment"),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"plugin"}),
    exported=lambda live: live.key.name not in ("pam", "pve"),
    order=3,
    example="""\
apiVersion: proxmox.io/v1
kind: Realm
metadata: { name: corp }
spec: { type: ldap, server1: ldap.example.org, baseDn: "dc=example,dc=org", userAttribute: uid }
""",
)
