"""Tables of people: who they are, what they may, how they came in, and what they did."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from proxmox_mpc.store.models._tables import UtcTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("display_name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("provider", String, nullable=False),  # local, or the login provider that answers for this user
    Column("external_id", String, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_login_at", UtcTime),
    Column("must_change_password", Boolean, nullable=False),  # nothing else may be done until then
    Column("version", Integer, nullable=False),  # counts up with what ends every session: a new password, a lock
)

groups = Table(
    "groups",
    metadata,
    Column("name", String, primary_key=True),
    Column("description", String, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group", ForeignKey("groups.name", ondelete="CASCADE"), primary_key=True),
    Column("source", String, nullable=False),  # manual, or the login provider that says so at each login
)

roles = Table(  # those that people made; viewer, operator and admin are code
    "roles",
    metadata,
    Column("name", String, primary_key=True),
    Column("description", String, nullable=False),
    Column("permissions", JSON, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject_type", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("role", String, nullable=False),
    Column("contexts", JSON, nullable=False),
    Column("namespaces", JSON, nullable=False),
    Index(None, "subject_type", "subject"),
)

logins = Table(  # who is logged in, and by which refresh token it goes on
    "logins",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_version", Integer, nullable=False),
    Column("refresh_hash", String, nullable=False),
    Column("previous_hash", String, nullable=False),  # of the refresh token before: two requests at once are no theft
    Column("created_at", UtcTime, nullable=False),
    Column("refreshed_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("client", String, nullable=False),
    Column("address", String, nullable=False),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String, primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String, nullable=False),
    Column("hash", String, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("contexts", JSON, nullable=False),
    Column("namespaces", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime),
    UniqueConstraint("user_id", "name"),
)

login_attempts = Table(  # failed ones, by what limits them: an address, a name
    "login_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "subject", "at"),
)

login_providers = Table(  # who else answers for people, and what comes of their groups here
    "login_providers",
    metadata,
    Column("name", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("create_users", String, nullable=False),
)

pending_logins = Table(  # logins that a browser completes elsewhere
    "pending_logins",
    metadata,
    Column("state", String, primary_key=True),
    Column("provider", String, nullable=False),
    Column("sealed_content", Text, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("type", String, nullable=False),  # write, login, denial
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("context", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("address", String, nullable=False),
    Column("correlation", String, nullable=False),
    Column("previous", String, nullable=False),
    Column("hash", String, nullable=False),
    Index(None, "at"),
    Index(None, "actor", "seq"),
)

audit_chain = Table(  # one row: how long the chain is and how it ends, so that a missing end is noticed
    "audit_chain",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sealed_key", Text, nullable=False),  # what makes the hashes; nobody has it who has only the database
    Column("length", Integer, nullable=False),
    Column("head", String, nullable=False),
    Column("proof", String, nullable=False),
)
