"""Why somebody is not let in."""

from __future__ import annotations

from math import ceil

from proxmox_mpc.errors import DeniedError, InvalidInput


class NotLoggedIn(DeniedError):
    """The login does not count: it ended, was revoked, or never was one."""

    code = "auth.not-logged-in"
    http_status = 401
    default_hint = "log in again: proxmox-cli login URL"
    headers = {"WWW-Authenticate": "Bearer"}


class LoginFailed(DeniedError):
    """The name or the password is wrong, or this user may not log in."""

    code = "auth.login-failed"
    http_status = 401


class LoginReplayed(NotLoggedIn):
    """This login was ended: its refresh token was used twice, so somebody else may have it."""

    code = "auth.login-replayed"
    default_hint = "log in again, and look whether the place where the token was kept is safe"


class Wait(DeniedError):
    """Not now."""

    code = "auth.wait"
    http_status = 429

    def __init__(self, message: str = "", *, seconds: float, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = max(1, ceil(seconds))
        self.headers = {"Retry-After": str(self.retry_after_s)}


class TooManyAttempts(Wait):
    """Too many logins failed."""

    code = "auth.too-many-attempts"


class JustRefreshed(Wait):
    """Another request has just gone on with this login, and has the tokens."""

    code = "auth.just-refreshed"
    http_status = 409


class PasswordWeak(InvalidInput):
    """The password is too weak."""

    code = "auth.password-weak"
