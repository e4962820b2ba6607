"""What has to be known of a login provider, by its type."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator
from pydantic.alias_generators import to_camel

from proxmox_mpc.people.providers import LOOPBACK
from proxmox_mpc.people.saml_metadata import IdentityProvider, read_metadata

Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=500)]
Attribute = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9.;-]*$", max_length=64)]
Claim = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+$", max_length=128)]
Authority = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$", max_length=1 << 16)]
"""A certificate as PEM; a bundle of a company's own authorities has a few thousand letters."""


Attributed = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=256)]
"""A name of an attribute: often a URN."""


def _described(text: str) -> str:
    read_metadata(text)
    return text


Metadata = Annotated[str, StringConstraints(max_length=1 << 18), AfterValidator(_described)]
"""An identity provider's; with several certificates and all attributes it knows some have 60,000 letters."""


def _url(*schemes: str) -> AfterValidator:
    def checked(text: str) -> str:
        try:
            parts = urlsplit(text)
            fits = parts.scheme in schemes and parts.hostname and parts.port != 0 and parts.username is None
        except ValueError:
            fits = False
        if not fits or parts.query or parts.fragment:
            raise ValueError(f"write it as {schemes[0]}://HOST, without a login")
        return text

    return AfterValidator(checked)


class _Settings(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, regex_engine="python-re"
    )


class PveSettings(_Settings):
    """A realm of a PVE cluster: its users log in with the passwords that they have there."""

    type: Literal["pve"]
    context: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=64)] = Field(
        description="The context of the cluster."
    )
    realm: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9._-]+$", max_length=32)] = Field(
        description="The realm: pam, pve, or one of your own."
    )

    @property
    def destination(self) -> tuple[str, ...]:
        """Where the secret goes, and how: one that was kept for somewhere else is not sent there."""
        return (self.context,)


class LdapSettings(_Settings):
    """A directory, asked by LDAP: people are searched, then bound with their password."""

    type: Literal["ldap"]
    url: Annotated[Text, _url("ldaps", "ldap")] = Field(description="ldaps://HOST, or ldap://HOST with StartTLS.")
    ca: Authority = Field(default="", description="The authority that its certificate is of, as PEM.")
    plain: bool = Field(default=False, description="Without encryption: passwords travel readable. Never a default.")
    bind_dn: Text = Field(default="", description="Who searches; the secret is its password. Empty: anonymous.")
    base: Text = Field(description="Below what people are searched.", min_length=1)
    filter: Text = Field(default="(uid={name})", description="What finds somebody by the name that was typed.")
    id_attribute: Attribute = Field(default="entryUUID", description="What never changes; of AD: objectGUID.")
    name_attribute: Attribute = Field(default="uid", description="The user's name; of AD: sAMAccountName.")
    display_attribute: Attribute = Field(default="cn", description="How the user is called.")
    email_attribute: Attribute = Field(default="mail", description="The user's e-mail address.")
    member_of: Attribute = Field(default="memberOf", description="What names somebody's groups.")
    group_base: Text = Field(default="", description="Below what groups are searched, where no attribute names them.")
    group_filter: Text = Field(default="(member={dn})", description="What finds the groups of somebody.")

    @model_validator(mode="after")
    def _fits(self) -> LdapSettings:
        if self.filter.count("{name}") < 1:
            raise ValueError("the filter has to hold {name}: (uid={name})")
        if self.group_base and "{dn}" not in self.group_filter and "{name}" not in self.group_filter:
            raise ValueError("the group filter has to hold {dn} or {name}: (member={dn})")
        if self.plain and self.url.startswith("ldaps"):
            raise ValueError("plain is for ldap:// only")
        if urlsplit(self.url).path not in ("", "/"):
            raise ValueError("write the url as ldaps://HOST; what it searches is the base")
        return self

    @property
    def destination(self) -> tuple[str, ...]:
        """As of a PVE realm."""
        return (self.url, self.ca, str(self.plain), self.bind_dn)


class OidcSettings(_Settings):
    """An OpenID provider: people log in there, by a browser."""

    type: Literal["oidc"]
    issuer: Annotated[Text, _url("https", "http")] = Field(description="Its URL, as it writes it itself.")
    client_id: Text = Field(description="What this server is called there; the secret is its secret.", min_length=1)
    ca: Authority = Field(default="", description="The authority that its certificate is of, unless it is public.")
    scopes: list[Claim] = Field(default=["openid", "profile", "email"], description="What is asked for.", max_length=20)
    name_claim: Claim = Field(default="preferred_username", description="What tells the user's name.")
    groups_claim: Claim = Field(default="groups", description="What tells the user's groups.")

    @model_validator(mode="after")
    def _fits(self) -> OidcSettings:
        parts = urlsplit(self.issuer)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("the issuer has to be https")
        if "openid" not in self.scopes:
            raise ValueError("the scopes have to hold openid")
        return self

    @property
    def destination(self) -> tuple[str, ...]:
        """As of a PVE realm."""
        return (self.issuer, self.client_id, self.ca)


class SamlSettings(_Settings):
    """An identity provider by SAML 2.0: people log in there, by a browser."""

    type: Literal["saml"]
    metadata: Metadata = Field(description="The XML in which it describes itself.")
    id_attribute: Attributed = Field(default="", description="What never changes; empty: the NameID.")
    name_attribute: Attributed = Field(default="", description="The user's name; empty: the NameID.")
    groups_attribute: Attributed = Field(default="groups", description="The user's groups.")
    display_attribute: Attributed = Field(default="displayName", description="How the user is called.")
    email_attribute: Attributed = Field(default="email", description="The user's e-mail address.")

    @property
    def identity_provider(self) -> IdentityProvider:
        """What the metadata say."""
        return read_metadata(self.metadata)

    @property
    def destination(self) -> tuple[str, ...]:
        """As of a PVE realm."""
        return (self.identity_provider.entity_id,)


ProviderSettings = Annotated[PveSettings | LdapSettings | OidcSettings | SamlSettings, Field(discriminator="type")]
BY_BROWSER = ("oidc", "saml")
"""Types of providers where a browser logs in; the others take a name and a password."""
_adapter: TypeAdapter[Any] = TypeAdapter(ProviderSettings)


def read_settings(kept: Any) -> PveSettings | LdapSettings | OidcSettings | SamlSettings:
    """Settings as the store kept them."""
    found: PveSettings | LdapSettings | OidcSettings | SamlSettings = _adapter.validate_python(kept)
    return found
