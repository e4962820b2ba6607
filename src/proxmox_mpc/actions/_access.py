"""Who acts, and what they may: permissions, in which contexts, in which namespaces."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

EVERY = "*"
"""All contexts, all namespaces, or each part of a permission."""


def covers(pattern: str, permission: str) -> bool:
    """Whether a permission is among those that a pattern stands for: `*`, `resources:*`, `*:read`, `jobs:write`."""
    wanted, given = permission.split(":"), pattern.split(":")
    given = given * 2 if pattern == EVERY else given
    return len(wanted) == len(given) and all(part in (EVERY, word) for part, word in zip(given, wanted, strict=True))


@dataclass(frozen=True)
class Grant:
    """Permissions (patterns) in some contexts and namespaces; `*` stands for all of them, now and later."""

    permissions: tuple[str, ...]
    contexts: tuple[str, ...] = (EVERY,)
    namespaces: tuple[str, ...] = (EVERY,)

    def allows(self, permission: str, context: str, namespace: str) -> bool:
        """`*` asks for all contexts, or all namespaces."""
        return (
            any(covers(pattern, permission) for pattern in self.permissions)
            and _has(self.contexts, context)
            and _has(self.namespaces, namespace)
        )

    def allows_somewhere(self, permission: str, context: str | None = None) -> bool:
        """Whether it allows it in some namespace of the context, or of any context."""
        return any(covers(pattern, permission) for pattern in self.permissions) and (
            context is None or _has(self.contexts, context)
        )


def _has(given: tuple[str, ...], wanted: str) -> bool:
    return EVERY in given or wanted in given


@dataclass(frozen=True)
class Access:
    """What an actor may: any of the grants says yes, and so do the limits of the token that was used, if it was one."""

    grants: tuple[Grant, ...] = ()
    limits: Grant | None = None
    also: Access | None = None
    """Somebody else who has to be allowed the same."""

    @classmethod
    def everything(cls) -> Access:
        """What the owner of an embedded store may."""
        return cls((Grant((EVERY,)),))

    @property
    def is_unlimited(self) -> bool:
        """Whether nothing has to be asked any further."""
        return (
            self.limits is None
            and (self.also is None or self.also.is_unlimited)
            and any(EVERY in g.permissions and EVERY in g.contexts and EVERY in g.namespaces for g in self.grants)
        )

    def allows(self, permission: str, context: str = EVERY, namespace: str = EVERY) -> bool:
        """Whether this is allowed in that namespace of that context; `*` asks for all of them."""
        if self.also is not None and not self.also.allows(permission, context, namespace):
            return False
        return any(grant.allows(permission, context, namespace) for grant in self.grants) and (
            self.limits is None or self.limits.allows(permission, context, namespace)
        )

    def within(self, other: Access) -> Access:
        """What both may."""
        return self if other.is_unlimited else replace(self, also=other)

    def allows_somewhere(self, permission: str, context: str | None = None) -> bool:
        """Whether this is allowed in at least one namespace of the context, or of any context."""
        if self.limits is not None and not self.limits.allows_somewhere(permission, context):
            return False
        if self.also is not None and not self.also.allows_somewhere(permission, context):
            return False
        return any(grant.allows_somewhere(permission, context) for grant in self.grants)

    def contexts(self, names: Iterable[str]) -> list[str]:
        """Those of these contexts in which anything at all is allowed."""
        return [
            name
            for name in names
            if any(_has(grant.contexts, name) for grant in self.grants)
            and (self.limits is None or _has(self.limits.contexts, name))
            and (self.also is None or self.also.contexts([name]))
        ]


@dataclass(frozen=True)
class Who:
    """Who acts: a person or a program, known by name in the history and the audit.

    `user_id` is empty for the owner of an embedded store and for the system itself. `login_id` and `token_id` say by
    what they came; `address` from where; `correlation` goes through logs, jobs and audit. Who `must_change_password`
    may do nothing else.
    """

    name: str
    access: Access = field(default_factory=Access)
    user_id: str = ""
    login_id: str = ""
    token_id: str = ""
    address: str = ""
    correlation: str = ""
    must_change_password: bool = False


def holds(access: Access, grant: Grant) -> bool:
    """Whether somebody may everything that a grant permits, wherever it does: nobody gives what they have not."""
    return all(
        access.allows("*:*" if pattern == EVERY else pattern, context, namespace)
        for pattern in grant.permissions
        for context in grant.contexts
        for namespace in grant.namespaces
    )
