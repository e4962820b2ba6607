"""What the environment says: where files live, which database, how much is logged.

Settings come from environment variables, or from a `.env` file in the working directory, where the
environment wins. Everything has a default; a bad value is refused with the variable's name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from proxmox_mpc.errors import UsageError

APPLICATION = "proxmox-mpc"
SERVER_PORT = 5109
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_FALSE, _TRUE = ("", "0", "false", "no", "off"), ("1", "true", "yes", "on")


class SettingInvalid(UsageError):
    """A setting of the environment has a value that cannot be used."""

    code = "settings.invalid"


@dataclass(frozen=True)
class ServerSettings:
    """How a server runs.

    `url` is how others reach it, `cors_origins` are pages of other origins that may use it, `outbound_allow` hosts and
    networks that it may fetch from besides the public internet. `jwt_keys` sign what users log in with, the first one
    new logins; without any they are derived from the store's key.
    On `metrics_port` a worker or beat answers Prometheus. `drain_s` is how long it goes on to answer, with a health of
    503, once SIGTERM asks it to end.
    """

    host: str = "127.0.0.1"
    port: int = SERVER_PORT
    url: str = ""
    cors_origins: tuple[str, ...] = ()
    debug: bool = False
    jwt_keys: tuple[str, ...] = field(default=(), repr=False)
    access_token_minutes: int = 15
    outbound_allow: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    metrics_token: str = field(default="", repr=False)
    metrics_port: int = 0
    drain_s: int = 0

    @property
    def shown_url(self) -> str:
        """How a person reaches it."""
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.host  # noqa: S104
        return self.url or f"http://{host}:{self.port}"


# People look back for a quarter, and for a year at what was changed; clients that were away come back for two weeks at
# the most.
_KEEP_DAYS: Mapping[str, int] = {"events": 90, "messages": 14, "jobs": 90, "snapshots": 90, "runs": 365}


@dataclass(frozen=True)
class DatabaseSettings:
    """How a PostgreSQL database is used: connections of one process at the most, and how long one statement may take.

    No statement here takes longer than a second or two; one that does waits for something that will not come. 0 sets no
    end, for proxies between that know no such parameter.
    """

    pool_size: int = 15
    statement_timeout_s: int = 60


@dataclass(frozen=True)
class JobSettings:
    """How work in the background is done.

    Without a `broker_url` whoever does jobs looks into the table for them. `wakeup_url` is the Redis by which processes
    wake each other (REDIS_URL; else the broker, if it is one). `slots` are a process's jobs at a time, `lease_s` is how
    long it may give no sign of life before others do them, `keep_days` how long what is kept.
    """

    broker_url: str = field(default="", repr=False)
    result_backend: str = field(default="", repr=False)
    wakeup_url: str = field(default="", repr=False)
    slots: int = 4
    lease_s: int = 30
    keep_days: Mapping[str, int] = field(default_factory=lambda: _KEEP_DAYS)


_REDIS = ("redis://", "rediss://", "unix://")


@dataclass(frozen=True)
class Settings:
    """Where things are and how they run.

    `database_url` is ready for SQLAlchemy's async engine. `secret_key` is empty where a key file in the data
    directory serves; `log_level` and `log_json` are None where each face has its own default.
    """

    data_dir: Path
    config_dir: Path
    cache_dir: Path
    database_url: str = field(repr=False)
    secret_key: str = field(default="", repr=False)
    log_level: str | None = None
    log_json: bool | None = None
    server: ServerSettings = field(default_factory=lambda: ServerSettings())
    jobs: JobSettings = field(default_factory=lambda: JobSettings())
    database: DatabaseSettings = field(default_factory=lambda: DatabaseSettings())

    @property
    def secret_key_file(self) -> Path:
        """Where the key is kept that encrypts stored secrets, unless PROXMOX_SECRET_KEY names one."""
        return self.data_dir / "secret.key"

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, dotenv: Path | None = None) -> Settings:
        """Settings from the environment (this process's by default) and `.env` in the working directory.

        PROXMOX_MPC_HOME moves all files to one folder; docs/server.md names the others. Raises SettingInvalid.
        """
        given = os.environ if environ is None else environ
        values = {**read_dotenv(dotenv or Path(".env")), **given}
        data, config, cache = _folders(values)
        url = values.get("DATABASE_URL", "").strip()
        return cls(
            data_dir=data,
            config_dir=config,
            cache_dir=cache,
            database_url=async_database_url(url or f"sqlite:///{data / 'store.db'}"),
            secret_key=values.get("PROXMOX_SECRET_KEY", "").strip(),
            log_level=_level(values.get("LOG_LEVEL", "")),
            log_json=_flag("LOG_JSON", values.get("LOG_JSON")),
            server=_server(values),
            jobs=_jobs(values),
            database=_database(values),
        )


def async_database_url(url: str) -> str:
    """A database URL as people write it → one for the async drivers that are used here.

    `sqlite:///FILE` and `postgresql://…` (also `postgres://…`) are understood; SettingInvalid for anything
    else. The URL itself is not repeated in the error: it may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    name = scheme.lower().partition("+")[0]
    if not separator or name not in ("sqlite", "postgres", "postgresql"):
        raise SettingInvalid(
            "DATABASE_URL is neither SQLite nor PostgreSQL",
            hint="Write sqlite:////var/lib/proxmox-mpc/store.db or postgresql://USER:PASSWORD@HOST/DATABASE.",
        )
    if name == "sqlite":
        if not rest.startswith("/") or rest.strip("/") in ("", ":memory:"):
            raise SettingInvalid(
                "DATABASE_URL names no SQLite file",
                hint="Three slashes and a relative path, or four and an absolute one: sqlite:////srv/store.db.",
            )
        return f"sqlite+aiosqlite://{rest}"
    try:
        database = urlsplit(f"postgresql://{rest}")
        _ = database.port  # reading it checks it
    except ValueError:
        raise SettingInvalid("DATABASE_URL has no valid host and port") from None
    if not database.path.strip("/"):
        raise SettingInvalid("DATABASE_URL names no database", hint="End it with the database's name: …/proxmox_mpc.")
    return f"postgresql+psycopg://{rest}"


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables of a `.env` file: `NAME=value` lines, quoted or not; none where there is no such file."""
    try:
        text = file.read_text()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingInvalid(f"cannot read {file}: {error}") from None
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip().removeprefix("export ").strip()
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = (part.strip() for part in stripped.partition("="))
        if not equals or not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise SettingInvalid(f"{file}:{number} is not NAME=value")
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
        values[name] = value[1:-1] if quoted else re.sub(r"\s+#.*", "", value)
    return values


def _folders(values: Mapping[str, str]) -> tuple[Path, Path, Path]:
    """Data, configuration and cache folder: one home for all, or where the operating system wants them."""
    if home := values.get("PROXMOX_MPC_HOME"):
        root = Path(home).expanduser().absolute()
        return root, root / "config", root / "cache"
    from platformdirs import PlatformDirs  # only who needs the folders pays for finding them

    folders = PlatformDirs(APPLICATION, appauthor=False)
    return folders.user_data_path, folders.user_config_path, folders.user_cache_path


def _server(values: Mapping[str, str]) -> ServerSettings:
    return ServerSettings(
        host=values.get("SERVER_HOST", "").strip() or "127.0.0.1",
        port=_number("SERVER_PORT", values.get("SERVER_PORT"), SERVER_PORT, range(65536)),
        url=values.get("SERVER_URL", "").strip().rstrip("/"),
        cors_origins=_words(values.get("CORS_ORIGINS")),
        debug=bool(_flag("DEBUG", values.get("DEBUG"))),
        jwt_keys=_words(values.get("SECRET_KEY")),
        access_token_minutes=_number(
            "ACCESS_TOKEN_EXPIRE_MINUTES", values.get("ACCESS_TOKEN_EXPIRE_MINUTES"), 15, range(1, 24 * 60 + 1)
        ),
        outbound_allow=_words(values.get("OUTBOUND_ALLOW")),
        trusted_proxies=_words(values.get("TRUSTED_PROXIES")),
        metrics_token=values.get("METRICS_TOKEN", "").strip(),
        metrics_port=_number("METRICS_PORT", values.get("METRICS_PORT"), 0, range(65536)),
        drain_s=_number("SERVER_DRAIN_SECONDS", values.get("SERVER_DRAIN_SECONDS"), 0, range(301)),
    )


def _jobs(values: Mapping[str, str]) -> JobSettings:
    broker, redis = values.get("CELERY_BROKER_URL", "").strip(), values.get("REDIS_URL", "").strip()
    if redis and not redis.startswith(_REDIS):
        raise SettingInvalid("REDIS_URL is no Redis", hint="Write redis://HOST:6379/0.")
    if broker and "://" not in broker:
        raise SettingInvalid("CELERY_BROKER_URL is no URL", hint="Write redis://HOST:6379/0 or amqp://HOST.")
    default = JobSettings()
    kept = {name: (f"KEEP_{name.upper()}_DAYS", days) for name, days in default.keep_days.items()}
    return JobSettings(
        broker_url=broker,
        result_backend=values.get("CELERY_RESULT_BACKEND", "").strip(),
        wakeup_url=redis or (broker if broker.startswith(_REDIS) else ""),
        slots=_number("JOB_SLOTS", values.get("JOB_SLOTS"), default.slots, range(1001)),
        lease_s=_number("JOB_LEASE_SECONDS", values.get("JOB_LEASE_SECONDS"), default.lease_s, range(1, 3601)),
        keep_days={
            name: _number(variable, values.get(variable), days, range(1, 36501))
            for name, (variable, days) in kept.items()
        },
    )


def _database(values: Mapping[str, str]) -> DatabaseSettings:
    pool, timeout = "DATABASE_POOL_SIZE", "DATABASE_STATEMENT_TIMEOUT_SECONDS"
    default = DatabaseSettings()
    return DatabaseSettings(
        pool_size=_number(pool, values.get(pool), default.pool_size, range(2, 1001)),
        statement_timeout_s=_number(timeout, values.get(timeout), default.statement_timeout_s, range(86401)),
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word for part in (text or "").split(",") if (word := part.strip()))


def _number(name: str, text: str | None, default: int, within: range) -> int:
    if not (text or "").strip():
        return default
    try:
        number = int(text or "")
    except ValueError:
        number = -1
    if number not in within:
        raise SettingInvalid(f"{name} is {text!r}", hint=f"It is a whole number from {within[0]} to {within[-1]}.")
    return number


def _level(text: str) -> str | None:
    level = text.strip().upper()
    if not level:
        return None
    if level not in LOG_LEVELS:
        raise SettingInvalid(f"LOG_LEVEL is {text!r}", hint=f"It is one of {', '.join(LOG_LEVELS)}.")
    return level


def _flag(name: str, text: str | None) -> bool | None:
    if text is None:
        return None
    word = text.strip().lower()
    if word not in _TRUE + _FALSE:
        raise SettingInvalid(f"{name} is {text!r}", hint="It is 1 or 0.")
    return word in _TRUE
