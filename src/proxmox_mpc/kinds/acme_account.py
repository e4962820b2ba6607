"""ACMEAccount: an account at an authority that issues certificates."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import NameList, Part, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class ACMEAccountSpec(Part):
    """An account. To declare one is to accept the authority's terms, where `termsOfService` names them."""

    contact: NameList = field("contact", help="Mail addresses.")
    directory: str | None = field("directory", create_only=True, help="The authority; without it Let's Encrypt.")
    terms_of_service: str | None = field("tos_url", create_only=True, help="The terms that are accepted, by their URL.")
    external_key_id: str | None = field("eab-kid", create_only=True, help="Key id, where the authority binds accounts.")
    external_key: str | None = field(
        "eab-hmac-key", secret=True, create_only=True, help="Its key, where the authority binds accounts."
    )


def _row(row: dict[str, object]) -> dict[str, object]:
    """The contact stands in the authority's own account, as `mailto:` addresses."""
    account = row.pop("account", None)
    if isinstance(account, dict) and isinstance(account.get("contact"), list):
        row["contact"] = [str(address).removeprefix("mailto:") for address in account["contact"]]
    row["tos_url"] = row.pop("tos", None)
    return row


KIND = regular(
    "ACMEAccount",
    "acmeaccounts",
    ("acmea",),
    ACMEAccountSpec,
    Collection(
        "/cluster/acme/account",
        "/cluster/acme/account/{name}",
        "name",
        detailed=True,
        row=_row,
        whole=frozenset({"contact"}),
        clear="omit",
    ),
    columns=(Column.name(), Column.of("CONTACT", "contact"), Column.of("DIRECTORY", "directory")),
    ignored=frozenset({"location"}),
    # Every write of accounts is for root@pam's own login (schema of 9.1 and 8.4).
    root_only=frozenset({"contact"}),
    order=44,
    example="""\
apiVersion: proxmox.io/v1
kind: ACMEAccount
metadata: { name: default }
spec: { contact: [admin@example.org], termsOfService: "https://ca.example.org/terms" }
""",
)
