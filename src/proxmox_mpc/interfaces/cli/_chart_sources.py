"""Where charts come from: folders and archives of this machine, OCI layouts on its disk, repositories and URLs."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from proxmox_mpc.actions._session import Session

LAYOUT = "oci-layout:"
KEYRING = "~/.gnupg/pubring.gpg"
"""Where GnuPG 1 keeps public keys, and Helm looks for them."""


class Archive(NamedTuple):
    """A chart's .tgz by its file's name, and its provenance if it was asked for."""

    file_name: str
    data: bytes
    provenance: str = ""


async def archive_of(session: Session, word: str, **where: Any) -> str:
    """The chart that a word means, as a .tgz in base64: a folder or file of this machine, else one of a repository."""
    if Path(word).is_dir():
        verify = where.get("verify")
        if verify:
            from proxmox_mpc.errors import UsageError

            raise UsageError(f"{word} is a folder, and only archives are signed", hint="package --sign makes one")
        return folder_archive(Path(word))
    return base64.b64encode((await fetched(session, word, **where)).data).decode("ascii")


async def fetched(
    session: Session,
    word: str,
    *,
    version: str = "",
    repo_url: str = "",
    devel: bool = False,
    username: str = "",
    password: str = "",
    verify: bool = False,
    keyring: str = "",
    provenance: bool = False,
) -> Archive:
    """An archive of this machine, a layout or a repository; with `verify`, one that somebody of the keyring signed."""
    path = Path(word)
    signed = provenance or verify
    if not repo_url and path.is_file():
        found = local(path, signed)
    elif word.startswith(LAYOUT):
        found = from_layout(word, version, devel)
    else:
        from proxmox_mpc.actions.chart_pull import ChartPullRequest, chart_pull

        request = ChartPullRequest(
            chart=word,
            version=version,
            devel=devel,
            repo_url=repo_url,
            username=username,
            password=password,
            provenance=signed,
        )
        made = await chart_pull(session, request)
        found = Archive(made.file_name, base64.b64decode(made.data), made.provenance)
    if verify:
        await verified(session, found, keyring)
    return found


async def verified(session: Session, one: Archive, keyring: str) -> list[str]:
    """Who of the keyring signed an archive. Raises BadProvenance, NotFoundError."""
    from proxmox_mpc.actions.chart_verify import ChartVerifyRequest, chart_verify

    request = ChartVerifyRequest(
        file_name=one.file_name,
        data=base64.b64encode(one.data).decode("ascii"),
        provenance=one.provenance,
        keyring=keyring_of(keyring),
    )
    return (await chart_verify(session, request)).signed_by


def local(path: Path, signed: bool) -> Archive:
    """An archive of this machine; `signed`: with the .prov beside it."""
    from proxmox_mpc.errors import NotFoundError

    beside = path.with_name(f"{path.name}.prov")
    if signed and not beside.is_file():
        raise NotFoundError(f"there is no provenance {beside}", hint="package --sign makes it, pull --prov gets it")
    return Archive(path.name, path.read_bytes(), beside.read_text("utf-8", "replace") if signed else "")


def from_layout(word: str, version: str, devel: bool) -> Archive:
    """A chart of oci-layout:FOLDER[:VERSION]."""
    from proxmox_mpc.charts.archive import MAX_CHART_BYTES
    from proxmox_mpc.charts.oci_layout import read_layout, versions
    from proxmox_mpc.charts.repository import ChartVersion, Index
    from proxmox_mpc.errors import InvalidInput, NotFoundError

    folder, _, tag = word.removeprefix(LAYOUT).partition(":")
    top = Path(folder)
    if not (top / "index.json").is_file():
        inside = sorted(one.parent.name for one in top.glob("*/index.json")) if top.is_dir() else []
        hint = f"it holds: {', '.join(inside)}" if inside else "proxmox-cli push FILE.tgz oci-layout:FOLDER makes one"
        raise NotFoundError(f"there is no OCI layout at {folder}", hint=hint)

    def read(name: str) -> bytes:
        file = top / name
        if not file.is_file():
            raise InvalidInput(f"the layout at {folder} has lost {name}")
        if file.stat().st_size > MAX_CHART_BYTES:
            raise InvalidInput(f"{name} in the layout at {folder} is larger than a chart may be")
        return file.read_bytes()

    from proxmox_mpc.charts.metadata import is_version
    from proxmox_mpc.charts.repository import newest_first

    wanted = version or tag.replace("_", "+") or (">0.0.0-0" if devel else "")
    there = [ChartVersion(name="chart", version=one) for one in versions(read("index.json")) if is_version(one)]
    if not there:
        raise NotFoundError(f"there is no chart in the layout at {folder}")
    found = Index({"chart": newest_first(there)}).find("chart", wanted)
    made, provenance = read_layout(read, found.version)
    return Archive(made.name, made.data, provenance)


def folder_archive(path: Path) -> str:
    """A chart's folder as a .tgz in base64, without what its .helmignore names; it need not be a good chart."""
    from proxmox_mpc.charts.ignoring import folder_files
    from proxmox_mpc.charts.packaging import packed_files

    return base64.b64encode(packed_files(folder_files(path), path.resolve().name or "chart")).decode("ascii")


def keyring_of(name: str) -> str:
    """A keyring's content in base64. Raises NotFoundError."""
    from proxmox_mpc.errors import NotFoundError

    path = Path(name or KEYRING).expanduser()
    if not path.is_file():
        hint = "gpg --export > FILE writes one; for signing gpg --export-secret-keys"
        raise NotFoundError(f"there is no keyring {path}", hint=f"--keyring FILE: {hint}")
    return base64.b64encode(path.read_bytes()).decode("ascii")


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    import os
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # Published files are read by other users: a server's, a colleague's.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
