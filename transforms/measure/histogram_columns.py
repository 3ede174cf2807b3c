"""The columns of a histogram: what is counted of the releases that are counted together."""

from collections.abc import Sequence

from beam_deid.transforms.measure.special import SPECIAL
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column, Layout


def columns_of(job: Job, releases: Sequence[str]) -> list[Column]:
    """List the columns of one histogram.

    Args:
        job: The run.
        releases: Names of the releases that are counted together in it.
    """
    columns = [Column("identity", name) for name in identities(job.policy)]
    columns.append(Column("signature"))
    if job.remembers:
        columns.append(Column("recorded"))
    if job.special:
        columns.append(SPECIAL)
    if job.keys_each_record:
        columns.append(Column("record"))
        if job.files > 1:
            columns.append(Column("file"))
    for name in releases:
        columns += [Column("present", release=name), *release_columns(job, job.layouts[name])]
    return columns


def release_columns(job: Job, layout: Layout) -> list[Column]:
    """List the columns of a histogram that belong to one release."""
    release = layout.release
    columns = [Column("value", name, release) for name in layout.fields]
    columns += [Column("normal", name, release) for name in layout.spelled]
    if layout.listed:
        columns.append(Column("listed", release=release))
    return columns + [Column(what, name, release) for what, name in attacked_fields(job, layout)]


def attacked_fields(job: Job, layout: Layout) -> list[tuple[str, str]]:
    """List what is measured of a release for the attacks on single fields, beside the released values.

    Returns:
        ``(what, field)``, where ``what`` is one of ``origin``, ``moment`` and ``token``: see `Column`.
    """
    actions = job.policy.releases[layout.release].fields
    found = []
    for name in layout.remainders:
        wanted = (attack.measured for attack in actions[name].attacks)
        found += [(what, name) for what in wanted if what is not None]
    for name in layout.matched:
        found += [("token", name), ("origin", name)]
    return list(dict.fromkeys(found))
