"""MetricServer: where the cluster sends its measurements."""

from __future__ import annotations

from typing import Literal

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class MetricServerSpec(Part):
    """A metric server. Which fields apply depends on its type; PVE refuses the others."""

    type: Literal["graphite", "influxdb", "opentelemetry"] = field("type", create_only=True, help="Its kind.")
    server: str = field("server", help="Its address.")
    port: int = field("port", ge=1, le=65536, help="Its port.")
    disabled: bool | None = field("disable", default=False, help="Send nothing.")
    mtu: int | None = field("mtu", default=1500, ge=512, le=65536, help="Largest packet (UDP).")
    timeout: int | None = field(
        "timeout", default=1, ge=0, help="Seconds to wait (graphite over TCP, influxdb over HTTP)."
    )
    path: str | None = field("path", help="Root of the names (graphite).")
    protocol: Literal["udp", "tcp"] | None = field("proto", default="udp", help="How it is sent (graphite).")
    influx_protocol: Literal["udp", "http", "https"] | None = field(
        "influxdbproto", default="udp", help="How it is sent (influxdb)."
    )
    organization: str | None = field("organization", help="Organization (influxdb over HTTP).")
    bucket: str | None = field("bucket", help="Bucket (influxdb over HTTP).")
    token: str | None = field("token", secret=True, beside=("organization",), help="Access token (influxdb over HTTP).")
    api_path_prefix: str | None = field("api-path-prefix", help="Path before the API's (influxdb over HTTP).")
    max_body_size: int | None = field(
        "max-body-size", default=25_000_000, ge=1, help="Largest request in bytes (influxdb)."
    )
    verify_certificate: bool | None = field(
        "verify-certificate", default=True, help="Check the certificate (influxdb)."
    )
    otel_protocol: Literal["http", "https"] | None = field(
        "otel-protocol", default="https", help="How (opentelemetry)."
    )
    otel_path: str | None = field("otel-path", default="/v1/metrics", help="Path (opentelemetry).")
    otel_timeout: int | None = field("otel-timeout", default=5, ge=1, le=10, help="Seconds to wait (opentelemetry).")
    otel_compression: Literal["none", "gzip"] | None = field(
        "otel-compression", default="gzip", help="Compression (opentelemetry)."
    )
    otel_max_body_size: int | None = field(
        "otel-max-body-size", default=10_000_000, ge=1024, help="Largest request in bytes (opentelemetry)."
    )
    otel_verify: bool | None = field("otel-verify-ssl", default=True, help="Check the certificate (opentelemetry).")
    otel_headers: str | None = field("otel-headers", secret=True, help="Headers as base64 of JSON (opentelemetry).")
    otel_attributes: str | None = field(
        "otel-resource-attributes", help="Resource attributes as base64 of JSON (opentelemetry)."
    )


KIND = regular(
    "MetricServer",
    "metricservers",
    ("ms",),
    MetricServerSpec,
    Collection(
        "/cluster/metrics/server",
        "/cluster/metrics/server/{id}",
        "id",
        make="/cluster/metrics/server/{id}",
        detailed=True,
        # PUT demands both (schema of 9.1 and 8.4).
        whole=frozenset({"server", "port"}),
    ),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column("SERVER", lambda live: f"{live.fields.get('server')}:{live.fields.get('port')}"),
        Column.on("disabled", inverted=True),
    ),
    order=50,
    example="""\
apiVersion: proxmox.io/v1
kind: MetricServer
metadata: { name: graphite }
spec: { type: graphite, server: 10.0.0.5, port: 2003 }
""",
)
