"""Which cluster, as whom, and why it is trusted."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from proxmox_mpc.errors import UsageError

DEFAULT_PORT = 8006  # pveproxy's fixed port


@dataclass(frozen=True)
class Token:
    """An API token: `id` as PVE writes it (`root@pam!name`) and its secret (a UUID)."""

    id: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[^@!\s]+@[^@!\s]+![^@!\s]+", self.id):
            raise UsageError(f"'{self.id}' is not a token id", hint="Write it as USER@REALM!NAME: root@pam!ci.")


@dataclass(frozen=True)
class Password:
    """A user with its realm (`root@pam`) and password; tickets are made from it and renewed."""

    user: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\S+@[^@\s]+", self.user):
            raise UsageError(f"'{self.user}' has no realm", hint="Write the user as USER@REALM: root@pam.")


@dataclass(frozen=True)
class SystemTrust:
    """Trust what the machine's certificate store trusts."""


@dataclass(frozen=True)
class CaTrust:
    """Trust one authority: a PEM text, or the path of a PEM file (PVE's own is /etc/pve/pve-root-ca.pem)."""

    pem_or_path: str | Path

    def pem(self) -> str:
        """The authority as PEM text; `UsageError` where the file cannot be read."""
        text = str(self.pem_or_path)
        if "-----BEGIN" in text:
            return text
        try:
            return Path(text).expanduser().read_text()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read the CA certificate: {error}") from None


@dataclass(frozen=True)
class FingerprintTrust:
    """Trust certificates by SHA-256 fingerprint, as PVE shows it; several, divided by commas."""

    sha256: str

    def __post_init__(self) -> None:
        for one in self.sha256.split(","):
            if not re.fullmatch(r"[0-9a-f]{64}", re.sub(r"[:\s]", "", one).lower()):
                raise UsageError(
                    f"'{one.strip()}' is not a SHA-256 fingerprint",
                    hint="It has 32 pairs of hex digits (AA:BB:…); `pvenode cert info` on the node shows it.",
                )

    def digests(self) -> tuple[bytes, ...]:
        """The accepted certificates' digests."""
        return tuple(bytes.fromhex(re.sub(r"[:\s]", "", one)) for one in self.sha256.split(","))


@dataclass(frozen=True)
class Insecure:
    """Trust anybody: whoever sits between can read the password. Never a default."""


Auth = Token | Password
Trust = SystemTrust | CaTrust | FingerprintTrust | Insecure


@dataclass(frozen=True)
class Target:
    """One cluster: its `endpoints` in the order to try them; `auth` and `trust` hold for all."""

    endpoints: tuple[str, ...]
    auth: Auth
    trust: Trust = SystemTrust()

    def __post_init__(self) -> None:
        if not self.endpoints:
            raise UsageError("the context has no endpoint", hint="Give it one: https://pve1.example.org:8006.")
        parsed = tuple(dict.fromkeys(self.parse_endpoint(endpoint) for endpoint in self.endpoints))
        object.__setattr__(self, "endpoints", parsed)

    @staticmethod
    def parse_endpoint(text: str) -> str:
        """An endpoint as people write it (`pve1`, `10.0.0.1:8006`, `[fd00::1]`) → `https://pve1:8006`.

        Plain http is let through for loopback only: there stands the simulator, elsewhere the password would
        travel readable. `UsageError` says what is wrong.
        """

        def wrong(why: str) -> UsageError:
            return UsageError(
                f"'{text}' is not an endpoint: {why}",
                hint="Write it as HOST, HOST:PORT or https://HOST:PORT.",
            )

        written = text.strip()
        if not written or re.search(r"\s", written):
            raise wrong("it is empty" if not written else "it holds spaces")
        if written.count(":") > 1 and "/" not in written and not written.startswith("["):
            written = f"[{written}]"  # an IPv6 address as people write it
        try:
            parts = urlsplit(written if "://" in written else f"https://{written}")
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise wrong(str(error).rstrip(".").lower()) from None
        if parts.scheme not in ("https", "http"):
            raise wrong(f"'{parts.scheme}' is neither https nor http")
        if parts.username is not None or parts.password is not None:
            raise wrong("user and password do not belong into it")
        if parts.path.rstrip("/") not in ("", "/api2/json") or parts.query or parts.fragment:
            raise wrong("it must not have a path")
        if not _is_host(host):
            raise wrong(f"'{host}' is not a host name" if host else "it names no host")
        if port == 0:
            raise wrong("there is no port 0")
        if parts.scheme == "http" and not _is_loopback(host):
            raise wrong("plain http would show the password to the network; only loopback may use it")
        shown = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{shown}:{port or DEFAULT_PORT}"


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
        return True
    except ValueError:
        if re.fullmatch(r"[\d.]+", host):
            return False  # 10.0.0.300 is a mistyped address, not a name
        return bool(
            re.fullmatch(r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*\.?", host)
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
