"""What never leaves a cluster for its twin."""

from __future__ import annotations

import re
from typing import Any

PLACEHOLDER = "left-out-of-the-twin"

# Parameters that are secrets, or hold some: credentials of storages, realms, users, notification targets, metric
# servers, name servers and address books, the API data of ACME plugins, second factors, and cloud-init's password.
_SECRET = re.compile(
    r"(?:smb)?password|cipassword|token|secret|key|keys|client-key|encryption-key|master-pubkey|keyring|data|otp"
    r"|otel-headers|eab-\w+"
)
# Credentials within an address: `http://user:password@host`; a password may hold an @ itself.
_LOGIN = re.compile(r"(?<=://)[^/\s]*@")
# What a webhook sends may hold a login of its receiver; the values are base64.
_HEADER = re.compile(r"(?<=value=)[^,]*")


def is_secret(name: str) -> bool:
    """Is the parameter of this name one that a twin does not get?"""
    return _SECRET.fullmatch(name) is not None


def blank(name: str, value: Any) -> Any:
    """The value without the credentials that stand in addresses and headers."""
    if isinstance(value, list):
        return [blank(name, part) for part in value]
    if name == "header":
        return _HEADER.sub("", value)
    return _LOGIN.sub("", value) if isinstance(value, str) else value
