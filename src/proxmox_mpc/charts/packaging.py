"""A chart as a `.tgz`: the same bytes for the same files."""

from __future__ import annotations

import gzip
import io
import tarfile

from proxmox_mpc.charts.chart import Chart


def packed(chart: Chart) -> bytes:
    """The chart's files in an archive, all under its name; without times and owners, so that equal charts are equal."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in chart.raw:
            entry = tarfile.TarInfo(f"{chart.name}/{file.name}")
            entry.size, entry.mode = len(file.data), 0o644
            archive.addfile(entry, io.BytesIO(file.data))
    return gzip.compress(raw.getvalue(), mtime=0)
