"""DirectoryMapping: a name for directories of several nodes, shared with guests by VirtioFS."""

from __future__ import annotations

from proxmox_mpc.kinds._collection import Collection
from proxmox_mpc.kinds._field import Part, Texts, field
from proxmox_mpc.kinds._kind import Column
from proxmox_mpc.kinds._regular import regular


class DirectoryMappingSpec(Part):
    """Directories with the same content. Guests ask for the name, and get the directory of their node."""

    directories: Texts = field("map", help="Directories, each as node=NODE,path=/DIRECTORY.")
    comment: str | None = field("description", help="A remark.")


KIND = regular(
    "DirectoryMapping",
    "directorymappings",
    ("dirm",),
    DirectoryMappingSpec,
    Collection(
        "/cluster/mapping/dir",
        "/cluster/mapping/dir/{id}",
        "id",
        comment="description",
        whole=frozenset({"map"}),
    ),
    columns=(
        Column.name(),
        Column.count("DIRECTORIES", "directories"),
        Column.of("COMMENT", "comment"),
    ),
    ignored=frozenset({"type", "checks"}),
    order=8,
    example="""\
apiVersion: proxmox.io/v1
kind: DirectoryMapping
metadata: { name: media }
spec: { directories: ["node=pve1,path=/srv/media"] }
""",
)
