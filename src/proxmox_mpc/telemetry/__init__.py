"""Logs: structured, to stderr, readable in a terminal and JSON otherwise; secrets never reach them.

A part logs with `log = telemetry.Logger("pve")` and `log.info("retrying", path=path, pause_s=2)`: an event in a few
words, facts as fields. Below the level nothing is done; structlog is loaded with the first line that is written.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TextIO

HIDDEN = "(secret)"

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)?$|secret|token(?!_?id)|ticket|cookie|authorization|csrf|credential|private|(^|_)key$|sealed",
    re.IGNORECASE,
)
# Secrets within texts: PVE's token header and tickets, what stands behind a secret's name, our tokens, URLs' passwords.
_SECRET_TEXT = (
    re.compile(r"(PVEAPIToken=[^=\s]+=)[^\s'\",]+"),
    re.compile(r"(PVE(?:VNC)?:[^\s:]+(?:@[^\s:]+)?:[0-9A-F]{8}::)[^\s'\";]+"),
    re.compile(r"((?:password|secret|token|ticket)[\"']?\s*[=:]\s*[\"']?)[^\s&,;'\"}]+", re.IGNORECASE),
    re.compile(r"(pmp[cr]_)[\w.-]+"),  # our own tokens, wherever they stand
    re.compile(r"(eyJ)[\w-]+\.[\w-]+\.[\w-]*"),
    re.compile(r"(://[^/\s:@]+:)[^@/\s]+(?=@)"),
)


@dataclass(frozen=True)
class _Sink:
    """Where lines go: from which level on, as JSON or for eyes."""

    level: int = logging.WARNING
    json: bool | None = None
    stream: TextIO | None = None

    @property
    def out(self) -> TextIO:
        return self.stream or sys.stderr

    @property
    def as_json(self) -> bool:
        return not self.out.isatty() if self.json is None else self.json


_sink = _Sink()
_bound: ContextVar[Mapping[str, Any]] = ContextVar("telemetry", default=MappingProxyType({}))


def configure(level: str = "WARNING", *, json: bool | None = None, stream: TextIO | None = None) -> None:
    """Log from this level on; as JSON or not, by default as the stream (stderr) is no terminal or is one.

    What libraries log by Python's own means goes the same way, from WARNING on.
    """
    global _sink
    _sink = _Sink(logging.getLevelNamesMapping()[level], json, stream)
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _FromLibraries)]
    root.addHandler(_FromLibraries(logging.WARNING))


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields (a correlation id, an actor) to every line that is logged inside."""
    before = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(before)


def correlation() -> str:
    """The id that goes through everything that one request, job or command causes; empty where none was bound."""
    return str(_bound.get().get("correlation", ""))


@dataclass(frozen=True)
class Logger:
    """Logs for one part of the system."""

    part: str

    def debug(self, event: str, **fields: Any) -> None:
        """For who looks for a fault."""
        self._log(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """What was done."""
        self._log(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """What went on in spite of a difficulty."""
        self._log(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """What failed."""
        self._log(logging.ERROR, event, fields)

    def _log(self, level: int, event: str, fields: Mapping[str, Any]) -> None:
        if level >= _sink.level:
            _write(level, self.part, event, fields)


def redacted(name: str, value: Any) -> Any:
    """A value without secrets: hidden where its name says that it is one, and wherever a text holds one."""
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: redacted(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redacted("", item) for item in value]
    if isinstance(value, int | float):
        return value
    text = str(value)
    for pattern in _SECRET_TEXT:
        text = pattern.sub(rf"\g<1>{HIDDEN}", text)
    return text


def _write(level: int, part: str, event: str, fields: Mapping[str, Any]) -> None:
    from structlog.dev import ConsoleRenderer
    from structlog.processors import JSONRenderer, TimeStamper

    out = _sink.out
    given = {**_bound.get(), **fields}
    line: MutableMapping[str, Any] = {
        "event": redacted("", event),
        "level": logging.getLevelName(level).lower(),
        "part": part,
        **{name: redacted(name, value) for name, value in given.items()},
    }
    line = TimeStamper(fmt="iso", utc=True)(None, "", line)
    if _sink.as_json:
        text = JSONRenderer(ensure_ascii=False)(None, "", line)
    else:
        text = ConsoleRenderer(colors=out.isatty(), pad_event_to=0)(None, "", line)
    print(text if isinstance(text, str) else text.decode(), file=out, flush=True)


class _FromLibraries(logging.Handler):
    """Lines that libraries log by Python's own means."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"error": str(record.exc_info[1])} if record.exc_info and record.exc_info[1] else {}
        if record.levelno >= _sink.level:
            _write(record.levelno, record.name, record.getMessage(), fields)
