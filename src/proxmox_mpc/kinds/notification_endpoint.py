"""NotificationEndpoint: somewhere that the cluster's notifications can go."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from proxmox_mpc.kinds._codec import Codec
from proxmox_mpc.kinds._collection import Collection, Scope
from proxmox_mpc.kinds._field import Names, Part, Texts, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular
from proxmox_mpc.kinds._schema import HIDDEN
from proxmox_mpc.kinds._view import View

TYPES = ("gotify", "sendmail", "smtp", "webhook")


def _parse(value: Any) -> Any:
    """Names and values → one text, as secrets are kept."""
    if isinstance(value, str):  # as a secret that was kept for it
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise ValueError('write NAME: SECRET for each; a secret that is only named holds {"NAME": "SECRET"}')
    if wrong := [name for name, text in value.items() if not isinstance(text, str) or not _NAME.fullmatch(str(name))]:
        raise ValueError(f"{wrong[0]!r}: write NAME: VALUE, both texts; names are letters, digits, - and _")
    return json.dumps(value, sort_keys=True)


def _write(text: str) -> list[str]:
    if text == HIDDEN:
        return [text]  # those that are set, told only so that they can be unset
    return [f"name={name},value={b64encode(secret.encode()).decode()}" for name, secret in json.loads(text).items()]


_NAME = re.compile(r"[\w-]+")
SECRETS = Codec("map of names and secrets", str, lambda text: _write(str(text)), example="{ token: … }")
Secrets = Annotated[
    str, BeforeValidator(_parse), WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}})
]


class NotificationEndpointSpec(Part):
    """An endpoint. Which fields apply depends on its type; PVE refuses the others."""

    type: Literal["gotify", "sendmail", "smtp", "webhook"] = field("type", create_only=True, help="Its kind.")
    disabled: bool | None = field("disable", default=False, help="Send nothing.")
    comment: str | None = field("comment", help="A remark.")
    server: str | None = field("server", help="Its URL (gotify) or host (smtp).")
    token: str | None = field("token", secret=True, beside=("type=gotify",), help="Access token (gotify).")
    port: int | None = field("port", ge=1, le=65535, help="Port (smtp).")
    mode: Literal["insecure", "starttls", "tls"] | None = field("mode", default="tls", help="Encryption (smtp).")
    username: str | None = field("username", help="Who logs in (smtp).")
    password: str | None = field("password", secret=True, beside=("username",), help="Its password (smtp).")
    from_address: str | None = field("from-address", help="Sender (smtp, sendmail).")
    author: str | None = field("author", help="Name of the sender (smtp, sendmail).")
    mail_to: Names | None = field("mailto", help="Addresses (smtp, sendmail).")
    mail_to_users: Names | None = field("mailto-user", help="Users whose address is used (smtp, sendmail).")
    url: str | None = field("url", help="Where it is sent (webhook).")
    method: Literal["post", "put", "get"] | None = field("method", help="How (webhook).")
    headers: Texts | None = field("header", help="Headers, each as name=NAME,value=BASE64 (webhook).")
    secrets: Secrets | None = field(
        "secret", codec=SECRETS, secret=True, echoed=True, help="Values that headers and body name (webhook)."
    )
    body: str | None = field("body", help="Body as base64 (webhook).")


async def _types(view: View) -> Sequence[Scope]:
    return [{"type": name} for name in TYPES]


_PATH = "/cluster/notifications/endpoints/{type}"

KIND = regular(
    "NotificationEndpoint",
    "notificationendpoints",
    ("ne",),
    NotificationEndpointSpec,
    Collection(
        _PATH, f"{_PATH}/{{name}}", "name", by_field={"type": "type"}, scopes=_types, detailed=True, comment="comment"
    ),
    columns=(
        Column.name(),
        Column.of("TYPE", "type"),
        Column.of("SERVER", "server"),
        Column.on("disabled", inverted=True),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"origin"}),
    exported=lambda live: live.facts.get("origin") != "builtin",
    order=45,
    example="""\
apiVersion: proxmox.io/v1
kind: NotificationEndpoint
metadata: { name: on-call }
spec: { type: smtp, server: mail.example.org, fromAddress: pve@example.org, mailTo: [ops@example.org] }
""",
)
