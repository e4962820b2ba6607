"""ClusterOptions: what holds for the whole datacenter."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds import _codec
from proxmox_mpc.kinds._bandwidth import Bandwidth
from proxmox_mpc.kinds._field import NameList, OptionMap, Part, Prose, field, group
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._settings import Settings, once, settings


class Traffic(Part):
    """How a kind of traffic between nodes goes."""

    type: Literal["secure", "insecure"] | None = field(part="type", help="Encrypted, or as fast as it goes.")
    network: str | None = field(part="network", help="The network that it takes, such as 10.0.0.0/24.")


class NextId(Part):
    """Where free VMIDs are looked for."""

    lower: int | None = field(part="lower", default=100, help="First.")
    upper: int | None = field(part="upper", default=1_000_000, help="End; itself not handed out.")


class Scheduling(Part):
    """How the cluster places what it moves."""

    ha: Literal["basic", "static"] | None = field(part="ha", default="basic", help="How HA chooses a node.")
    rebalance_on_start: bool | None = field(
        part="ha-rebalance-on-start", default=False, help="Whether a guest that starts may start elsewhere."
    )


class Ha(Part):
    """High availability."""

    shutdown_policy: Literal["freeze", "failover", "conditional", "migrate"] | None = field(
        part="shutdown_policy", default="conditional", help="What becomes of guests when their node shuts down."
    )


class TagStyle(Part):
    """How tags look."""

    shape: Literal["full", "circle", "dense", "none"] | None = field(part="shape", default="circle", help="Shape.")
    ordering: Literal["config", "alphabetical"] | None = field(part="ordering", help="Order.")
    case_sensitive: bool | None = field(part="case-sensitive", default=False, help="Whether case counts.")
    color_map: str | None = field(part="color-map", help="Colours, as TAG:RRGGBB:RRGGBB;….")


class TagAccess(Part):
    """Which tags users may set."""

    allow: Literal["none", "list", "existing", "free"] | None = field(
        part="user-allow", default="free", help="Which ones."
    )
    list: str | None = field(part="user-allow-list", help="Those, with semicolons.")


class WebAuthn(Part):
    """Second factors by WebAuthn."""

    id: str | None = field(part="id", help="Domain that credentials are for; another one makes them useless.")
    origin: str | None = field(part="origin", help="Address of the web interface.")
    name: str | None = field(part="rp", help="Name that people see.")
    allow_subdomains: bool | None = field(
        part="allow-subdomains", default=True, help="Whether subdomains of the origin are good, too."
    )


class U2F(Part):
    """Second factors by U2F, of old."""

    appid: str | None = field(part="appid", help="Address of the application.")
    origin: str | None = field(part="origin", help="Address of the web interface.")


_When = Literal["auto", "always", "never"]


class Notify(Part):
    """What is notified of."""

    fencing: Literal["always", "never"] | None = field(part="fencing", help="Fenced nodes.")
    package_updates: _When | None = field(part="package-updates", default="auto", help="New packages.")
    replication: Literal["always", "never"] | None = field(part="replication", help="Failed replications.")
    target_fencing: str | None = field(part="target-fencing", help="Where, of old; matchers decide now.")
    target_package_updates: str | None = field(part="target-package-updates", help="Where, of old.")
    target_replication: str | None = field(part="target-replication", help="Where, of old.")


class ClusterOptionsSpec(Part):
    """The options of the datacenter. The only name is `cluster`."""

    description: Prose | None = field("description", help="Notes of the datacenter.")
    keyboard: str | None = field("keyboard", help="Keyboard layout of displays, such as de.")
    language: str | None = field("language", help="Language of the web interface.")
    console: Literal["applet", "vv", "html5", "xtermjs"] | None = field("console", help="Which viewer opens.")
    consent_text: str | None = field("consent-text", help="Shown before the log-in.")
    email_from: str | None = field("email_from", help="Sender of mails.")
    http_proxy: str | None = field("http_proxy", help="Proxy for downloads; a password in it is readable.")
    mac_prefix: str | None = field("mac_prefix", default="BC:24:11", help="First bytes of new MAC addresses.")
    max_workers: int | None = field(
        "max_workers", ge=1, help="Tasks at once when guests are moved or stopped together."
    )
    fencing: Literal["watchdog", "hardware", "both"] | None = field(
        "fencing", default="watchdog", help="How nodes are fenced."
    )
    migration: Traffic | None = group("migration", default_part="type", help="Migrations.")
    replication: Traffic | None = group("replication", default_part="type", help="Replications.")
    next_id: NextId | None = group("next-id", help="Free VMIDs.")
    scheduling: Scheduling | None = group("crs", help="Placement.")
    ha: Ha | None = group("ha", help="High availability.")
    bandwidth: Bandwidth | None = group("bwlimit", help="Limits on traffic, in KiB per second.")
    webauthn: WebAuthn | None = group("webauthn", help="Second factors by WebAuthn.")
    legacy_u2f: U2F | None = group("u2f", help="Second factors by U2F, of old.")
    notify: Notify | None = group("notify", help="What is notified of.")
    registered_tags: NameList | None = field(
        "registered-tags", codec=_codec.TAGS, help="Tags that only administrators set."
    )
    tag_style: TagStyle | None = group("tag-style", help="How tags look.")
    tag_access: TagAccess | None = group("user-tag-access", help="Which tags users may set.")
    options: OptionMap | None = field(help="Any other option, by its API name.")


KIND = settings(
    "ClusterOptions",
    "clusteroptions",
    ("co",),
    ClusterOptionsSpec,
    Settings("/cluster/options", "cluster", once),
    columns=(
        Column.name(),
        Column("SET", lambda live: ", ".join(sorted({path.partition(".")[0] for path in live.fields}))),
    ),
    ignored=frozenset({"allowed-tags"}),
    options_of=("PUT", "/cluster/options"),
    order=1,
    example="""\
apiVersion: proxmox.io/v1
kind: ClusterOptions
metadata: { name: cluster }
spec:
  keyboard: de
  migration: { type: insecure, network: 10.10.0.0/24 }
""",
)
