"""The CD that cloud-init reads at a guest's boot: a NoCloud seed, labelled `cidata`."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pycdlib

_LABEL = "cidata"


def write(path: Path, files: Mapping[str, str]) -> None:
    """Make the image with these texts by name (`user-data`, `meta-data`, `network-config`)."""
    image = pycdlib.PyCdlib()
    image.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=_LABEL)
    for name, text in files.items():
        content = text.encode()
        # The plain name may hold no hyphen; guests read one of the two others.
        plain = f"/{name.replace('-', '').upper()[:8]}.;1"
        image.add_fp(io.BytesIO(content), len(content), plain, rr_name=name, joliet_path=f"/{name}")
    path.unlink(missing_ok=True)
    image.write(str(path))
    image.close()
