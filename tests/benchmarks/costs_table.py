"""What contenders took, as a table for a person and as a document for a program."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .processes import Cost


def summary(costs: Sequence[Cost]) -> dict[str, Any]:
    """Medians of some turns; of the memory the greatest. All turns are told beside them."""
    names = list(dict.fromkeys(name for one in costs for name in one.phases))
    return {
        "wall": statistics.median(one.wall for one in costs),
        "cpu": statistics.median(one.cpu for one in costs),
        "peak_mib": max(one.peak_mib for one in costs),
        "phases": {name: statistics.median(one.phases.get(name, 0.0) for one in costs) for name in names},
        "peaks": {name: max(one.peaks.get(name, 0.0) for one in costs) for name in names},
        "turns": [{"wall": one.wall, "cpu": one.cpu, "peak_mib": one.peak_mib} for one in costs],
    }


def lines(rows: int, found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A line a contender, with what it takes for each second of the copy, and its phases.

    Args:
        rows: How many orders were read.
        found: The summary of each contender.
    """
    yield f"{'':20}{'wall s':>9}{'cpu s':>9}{'peak MiB':>10}{'rows/s':>13}{'wall/copy':>11}{'cpu/copy':>10}"
    for name, one in found.items():
        figures = f"{one['wall']:9.2f}{one['cpu']:9.2f}{one['peak_mib']:10,.0f}{rows / one['wall']:13,.0f}"
        yield f"{name:20}{figures}{_ratios(one, found.get('copy'))}"
    for name, one in found.items():
        if one["phases"]:
            told = (f"{phase} {spent:.1f} s {one['peaks'][phase]:,.0f} MiB" for phase, spent in one["phases"].items())
            yield f"{name:20} " + ", ".join(told)
    yield from _pairs(found)


def _ratios(one: Mapping[str, Any], base: Mapping[str, Any] | None) -> str:
    if base is None:
        return ""
    return f"{one['wall'] / base['wall']:11.2f}{one['cpu'] / base['cpu']:10.2f}"


def _pairs(found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Each run beside DuckDB, and beside the same run of the earlier checkout."""
    for name in ("run", "anonymized"):
        for other in ("duckdb", f"{name} before"):
            if name in found and other in found:
                wall, cpu, memory = (found[name][of] / found[other][of] for of in ("wall", "cpu", "peak_mib"))
                yield f"{name} / {other:14} wall {wall:.2f}, cpu {cpu:.2f}, peak {memory:.2f}"
