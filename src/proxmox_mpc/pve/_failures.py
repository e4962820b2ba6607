"""The three ways an exchange with one endpoint can fail before there is an answer."""

from __future__ import annotations


class NotSent(Exception):
    """No connection could be opened: the request did not reach the endpoint."""


class NotTrusted(NotSent):
    """A connection could be opened, but its certificate is not trusted; the hint says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Lost(Exception):
    """The connection broke, or nothing came in time, after the request was (perhaps) sent."""
