"""From a login provider as it is kept to one that answers; each is reached only where a server may connect to."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from proxmox_mpc.bootstrap.clusters import target_of
from proxmox_mpc.people.provider_settings import (
    LdapSettings,
    OidcSettings,
    PveSettings,
    SamlSettings,
    read_settings,
)
from proxmox_mpc.people.providers import ProviderUnreachable

if TYPE_CHECKING:
    from proxmox_mpc.bootstrap.outbound import Outbound
    from proxmox_mpc.pve import Target
    from proxmox_mpc.store import LoginProvider, Store


@dataclass(frozen=True)
class Opening:
    """What providers are opened with. Without `outbound` they may stand anywhere: on the machine's own command line."""

    store: Store
    now: Callable[[], datetime]
    outbound: Outbound | None = None
    own_endpoints: Set[str] = frozenset()
    own_url: str = ""

    async def open(self, provider: LoginProvider) -> Any:
        """A provider that answers; made anew for each login, so that a change counts at once, everywhere."""
        settings = read_settings(provider.settings)
        if isinstance(settings, PveSettings):
            return self._realm(settings)
        if isinstance(settings, LdapSettings):
            return self._directory(settings, provider.secret)
        if isinstance(settings, SamlSettings):
            return self._saml(settings)
        return self._openid(settings, provider.secret)

    def _realm(self, settings: PveSettings) -> Any:
        from proxmox_mpc.people.pve_realm import PveRealm

        async def reach() -> Target:
            context = next((one for one in await self.store.contexts.list() if one.name == settings.context), None)
            if context is None:
                raise ProviderUnreachable(f"there is no context {settings.context!r} any more")
            if self.outbound is not None:
                await self.outbound.check_endpoints(set(context.endpoints) - self.own_endpoints)
            return target_of(context)

        resolver = self.outbound.resolver("cluster") if self.outbound is not None else None
        return PveRealm(settings.realm, reach, resolver)

    def _openid(self, settings: OidcSettings, secret: str) -> Any:
        from proxmox_mpc.bootstrap.provider_web import ProviderWeb
        from proxmox_mpc.people.oidc import OpenId

        return OpenId(settings, secret, ProviderWeb(self.outbound, settings.ca), self.now)

    def _saml(self, settings: SamlSettings) -> Any:
        from proxmox_mpc.people.saml import Saml

        if find_spec("signxml") is None:
            raise ProviderUnreachable("the library for SAML is not installed", hint="pip install 'proxmox-mpc[saml]'")
        return Saml(settings, self.own_url, self.now)

    def _directory(self, settings: LdapSettings, secret: str) -> Any:
        from proxmox_mpc.people.directory import Directory

        if find_spec("ldap3") is None:
            raise ProviderUnreachable("the library for LDAP is not installed", hint="pip install 'proxmox-mpc[ldap]'")

        async def reach(host: str, port: int) -> list[str]:
            if self.outbound is None:
                return [host]
            return await self.outbound.check(host, port, "login")

        return Directory(settings, secret, reach)
