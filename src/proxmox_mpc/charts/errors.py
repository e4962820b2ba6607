"""What is wrong with a chart or with values, in Helm's own words where Helm has some."""

from __future__ import annotations

from proxmox_mpc.errors import InvalidInput


class BadChart(InvalidInput):
    """The chart cannot be read."""

    code = "chart.invalid"


class BadValues(InvalidInput):
    """The chart cannot use these values."""

    code = "chart.values"


class BadRepository(InvalidInput):
    """The chart repository has no such chart."""

    code = "chart.repository"


class BadProvenance(InvalidInput):
    """The chart is not what somebody signed."""

    code = "chart.provenance"
