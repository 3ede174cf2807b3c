"""When a run is refused because of its input, and how a person is told. Nothing else decides or says it."""

from collections.abc import Iterator, Sequence
from numbers import Real

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.measure.measured import FIRST, Measured, ReleaseMeasured
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.corrections_file import OPTION
from beam_deid.transforms.run.heads import NO_ROW, NO_ROW_STEP
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Reason
from beam_deid.transforms.treat.rejected import Rejects

_OF_DIVISIONS = "cn_divisions"
_ADDRESSES = "full addresses need hierarchy: cn_districts, or mask: {preset: address, division: city}"
_MOST = 0.5
"""Where a greater share of what was rejected has one reason, it is told what that mostly means."""


def share_of_rejects(share: float) -> float:
    """The greatest share of records that may be rejected, if it is one.

    Raises:
        UsageError: It is no number from 0 to 1: whatever is greater, or compares with nothing, would allow everything.
    """
    if not isinstance(share, Real) or not 0 <= share <= 1:
        raise UsageError("max_rejects is a share of records, a number from 0 to 1", "max_rejects", "5 % is 0.05")
    return share


def refusals(measured: Measured, max_rejects: float, policy: Policy) -> tuple[str, ...]:
    """Say where more records were rejected than are allowed, or that files have no row.

    A collection may be empty: which windows hold something is not for its author to say.

    Args:
        measured: What the measuring pass found.
        max_rejects: Greatest share of records that may be rejected; see `share_of_rejects`.
        policy: The policy, by which it is told what to do.

    Returns:
        A line for each release that rejects too many and one for each of its fields and reasons, without values; each line
        once, and none where no release rejects too many. `NO_ROW` alone where files have no row.

    Raises:
        UsageError: The share is none.
    """
    allowed = share_of_rejects(max_rejects)
    if measured.noticed.rows and not measured.read:
        return (NO_ROW,)
    lines = [
        line
        for name, found in measured.releases.items()
        if found.rejected > allowed * measured.read
        for line in _lines(name, found, measured.read, policy)
    ]
    return tuple(dict.fromkeys(lines))


def check_replaced(measured: Measured, job: Job) -> None:
    """See that each corrected record stands in place of one record.

    Raises:
        InputError: One stands in place of several: the input has its number more than once, and which is meant nobody knows.
    """
    several = sum(measured.noticed.met[one] > 1 for one in measured.noticed.replaced)
    if several:
        raise InputError(
            f"the input has several records with the {job.policy.record} of a corrected one ({several:,}), and which of them it "
            "replaces is not known",
            OPTION,
            "Correct these in the input, or leave all but one of each out",
        )


def rejected(measured: Measured, policy: Policy) -> tuple[str, ...]:
    """What was rejected, a line each: for each release how many records, why, and which are the first; without values."""
    lines: list[str] = []
    named: Rejects = []
    for name, found in measured.releases.items():
        if found.rejected:
            lines += _lines(name, found, measured.read, policy)
            named += found.first
    first = sorted(dict.fromkeys(named))[:FIRST]
    rows = [f"  {file}: row {row}, {column or 'whole row'}, {reason}" for file, row, column, reason, _ in first]
    return (*lines, "the first of them:", *rows) if rows else tuple(lines)


def _lines(release: str, found: ReleaseMeasured, read: int, policy: Policy) -> Iterator[str]:
    share = found.rejected / read
    yield f"release {release}: {found.rejected} of {read} records rejected ({share:.2%})"
    for (column, code), count in sorted(found.faults.items()):
        reason = Reason[code.upper()]  # as reasons are named
        hint = reason.hint
        if reason is Reason.OUTSIDE_HIERARCHY and count > _MOST * found.rejected:
            hint = _of_hierarchy(policy.releases[release].fields.get(column))
        records = "1 record" if count == 1 else f"{count} records"
        yield f"  {column or 'whole row'}: {reason}, {records}" + (f" ({hint})" if hint else "")


def _of_hierarchy(action: object) -> str:
    """What values mostly are that no division of China is: what stands in a column of addresses."""
    return _ADDRESSES if getattr(action, "hierarchy", None) == _OF_DIVISIONS else ""


def raise_if_refused(refused: Sequence[str]) -> None:
    """Stop where a run was refused.

    Args:
        refused: The lines of `refusals`.

    Raises:
        InputError: There are any.
    """
    if tuple(refused) == (NO_ROW,):
        raise InputError(NO_ROW, "input", NO_ROW_STEP)
    if refused:
        raise InputError(
            "\n".join(["too many records were rejected", *refused]),
            "input",
            "Fix the input or the kinds in the policy, or allow more: --max-rejects of the command, max_rejects of Deidentify. "
            "What a reason means: beam-deid explain REASON",
        )
