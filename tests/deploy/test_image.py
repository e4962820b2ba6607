"""The image, as far as its recipe tells: no secrets, nothing that installs, nobody's root."""

import re
from fnmatch import fnmatch
from pathlib import Path

from tests.deploy.files import DEPLOY, ROOT

TEXT = (DEPLOY / "docker/Dockerfile").read_text().replace("\\\n", " ")
LINES = [line.strip() for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
BUILD, RUN = "\n".join(LINES).split("FROM ${PYTHON} AS run")


def test_every_stage_is_of_a_version_that_was_chosen() -> None:
    [image] = re.findall(r"^ARG PYTHON=(\S+)$", BUILD, re.M)
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", image), "the lock file's Python, to the patch"
    assert set(re.findall(r"^FROM (\S+)", TEXT, re.M)) == {"${PYTHON}"}


def test_what_is_installed_is_locked_by_hash() -> None:
    installs = re.findall(r"pip install ([^&\n]+)", TEXT)
    assert all(
        "--require-hashes -r requirements.lock" in one or "--no-deps --no-build-isolation ." in one for one in installs
    )
    assert len(installs) == 2
    assert "pip install" not in RUN
    assert re.search(r"pip uninstall .*\bpip\b", RUN)
    assert re.search(r"pip uninstall .*\bpip\b", BUILD), "nor in the environment that is copied"


def test_it_runs_as_a_number_that_is_not_root_and_nothing_changes_that() -> None:
    assert re.findall(r"^USER (\S+)$", RUN, re.M) == ["10001:10001"]
    after = RUN.split("USER 10001:10001")[1]
    assert not re.search(r"^(RUN|COPY|ADD|USER)\b", after, re.M)


def test_it_ends_and_tells_its_health_as_orchestrators_expect() -> None:
    assert "STOPSIGNAL SIGTERM" in RUN
    health = re.search(r'^HEALTHCHECK .*CMD \["python", "-c",\s+"(.*)"\]$', RUN, re.M)
    assert health
    code = health.group(1).replace('\\"', '"')
    compile(code, "health", "exec")
    assert "/api/health" in code
    assert 'ENTRYPOINT ["proxmox-cli"]' in RUN, "as a list: signals reach it"
    assert 'CMD ["serve"]' in RUN


def test_no_secret_can_come_in() -> None:
    assert not re.search(r"^(ARG|ENV) .*(KEY|PASSWORD|TOKEN|SECRET)", TEXT, re.M)
    assert not re.search(r"^ADD ", TEXT, re.M)
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", TEXT, re.M) for word in line.split()[:-1]]
    sent = _sent()
    assert set(copied) == sent - {"**/__pycache__"}
    assert all((ROOT / name).exists() for name in copied)
    for name in (".env", ".git", ".venv", "config/proxmox.yml", "deploy/compose/.env", "secret.key", "store.db"):
        assert not any(fnmatch(name, pattern) for pattern in sent), name


def _sent() -> set[str]:
    lines = Path(ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*", "nothing, but for what is named"
    return {line[1:] for line in lines if line.startswith("!")}
