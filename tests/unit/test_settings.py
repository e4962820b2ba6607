import os
import subprocess
import sys
from pathlib import Path

import pytest

from proxmox_mpc.errors import UsageError
from proxmox_mpc.settings import Settings, async_database_url, read_dotenv


def load(tmp_path: Path, **environ: str) -> Settings:
    return Settings.load({"PROXMOX_MPC_HOME": str(tmp_path / "home"), **environ}, tmp_path / ".env")


def test_one_home_holds_everything(tmp_path: Path) -> None:
    settings = load(tmp_path)
    home = tmp_path / "home"
    assert (settings.data_dir, settings.config_dir, settings.cache_dir) == (home, home / "config", home / "cache")
    assert settings.database_url == f"sqlite+aiosqlite:///{home / 'store.db'}"
    assert settings.secret_key_file == home / "secret.key"
    assert (settings.secret_key, settings.log_level, settings.log_json) == ("", None, None)


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_without_a_home_the_system_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = Settings.load({}, tmp_path / ".env")
    assert settings.data_dir == tmp_path / "data/proxmox-mpc"
    assert settings.config_dir == tmp_path / "config/proxmox-mpc"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("sqlite:////srv/store.db", "sqlite+aiosqlite:////srv/store.db"),
        ("sqlite:///store.db", "sqlite+aiosqlite:///store.db"),
        ("sqlite+aiosqlite:////srv/store.db", "sqlite+aiosqlite:////srv/store.db"),
        ("postgres://u:p@db:5432/mpc", "postgresql+psycopg://u:p@db:5432/mpc"),
        ("postgresql://u:p@db/mpc?sslmode=require", "postgresql+psycopg://u:p@db/mpc?sslmode=require"),
        ("postgresql+asyncpg://u@db/mpc", "postgresql+psycopg://u@db/mpc"),
        ("postgresql://u@/mpc?host=/run/postgresql", "postgresql+psycopg://u@/mpc?host=/run/postgresql"),
    ],
)
def test_database_urls_are_understood_as_people_write_them(tmp_path: Path, written: str, url: str) -> None:
    assert async_database_url(written) == url
    assert async_database_url(url) == url
    assert load(tmp_path, DATABASE_URL=written).database_url == url


@pytest.mark.parametrize(
    "written",
    ["mysql://root:hunter2@db/x", "store.db", "sqlite://", "sqlite:///", "sqlite:///:memory:", "postgresql://hunter2@db",
     "postgresql://u:hunter2@db:port/x"],
)  # fmt: skip
def test_other_databases_are_refused_without_repeating_the_password(tmp_path: Path, written: str) -> None:
    with pytest.raises(UsageError, match="DATABASE_URL") as caught:
        load(tmp_path, DATABASE_URL=written)
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"


@pytest.mark.parametrize(("name", "value"), [("LOG_LEVEL", "loud"), ("LOG_JSON", "maybe")])
def test_bad_values_are_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is '{value}'") as caught:
        load(tmp_path, **{name: value})
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_good_values_are_read(tmp_path: Path) -> None:
    settings = load(tmp_path, LOG_LEVEL="debug", LOG_JSON="yes", PROXMOX_SECRET_KEY="k" * 32)
    assert (settings.log_level, settings.log_json, settings.secret_key) == ("DEBUG", True, "k" * 32)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, PROXMOX_SECRET_KEY="hunter2" * 5, DATABASE_URL="postgresql://u:hunter2@db/x")
    assert "hunter2" not in repr(settings)


def test_a_dotenv_file_fills_in_what_the_environment_lacks(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# comment\n\nexport LOG_LEVEL = ERROR\nLOG_JSON='1'\nPROXMOX_SECRET_KEY=\"a # b=c\"  \nOTHER=x # remark\n"
    )
    settings = load(tmp_path, LOG_LEVEL="INFO")
    assert (settings.log_level, settings.log_json, settings.secret_key) == ("INFO", True, "a # b=c")
    assert read_dotenv(tmp_path / ".env")["OTHER"] == "x"


@pytest.mark.parametrize("line", ["nonsense", "1X=2", "A B=c"])
def test_a_broken_dotenv_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / ".env").write_text(f"LOG_LEVEL=INFO\n{line}\n")
    with pytest.raises(UsageError, match=r"\.env:2"):
        load(tmp_path)


def test_settings_are_cheap_to_import() -> None:
    code = "import sys, proxmox_mpc.settings; print({'pydantic', 'platformdirs', 'sqlalchemy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == "set()"


def test_a_database_is_used_with_limits_that_can_be_set(tmp_path: Path) -> None:
    assert load(tmp_path).database.pool_size == 15
    told = load(tmp_path, DATABASE_POOL_SIZE="40", DATABASE_STATEMENT_TIMEOUT_SECONDS="0").database
    assert (told.pool_size, told.statement_timeout_s) == (40, 0)
    with pytest.raises(UsageError, match="DATABASE_POOL_SIZE"):
        load(tmp_path, DATABASE_POOL_SIZE="1")
