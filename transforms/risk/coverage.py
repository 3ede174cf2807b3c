"""Whether an attacker's table matches enough of a release for a join with it to be a test."""

from beam_deid.transforms.risk.exposed import Exposed

_SPELL = "spell its values as the source does, or name in knows what stays the same"


def coverage_problem(exposed: Exposed, truth: bool) -> str | None:
    """Tell why a join with too few matches counts as a failure: a sentence with figures and what to do; None if there are enough.

    Args:
        exposed: What the join found.
        truth: Whether the table names its subjects as the source does, so that it is known who is in the source.
    """
    found = exposed
    if not found.attackers:
        return "the attacker's table holds no record, which proves nothing: name the files that hold what the attacker knows"
    if not truth:
        if 10 * found.met >= found.attackers:
            return None
        return (
            f"{found.met:,} of the {found.attackers:,} persons of the attacker's table meet a released record, which proves "
            f"nothing (a tenth is needed): {_SPELL}"
        )
    if not found.known:
        return (
            f"none of the {found.attackers:,} persons of the attacker's table is in the source, which proves nothing: spell "
            "its subjects as the source does, or leave them out of the table"
        )
    if 2 * found.known_met >= found.known:
        return None
    return (
        f"{found.known_met:,} of the {found.known:,} persons of the attacker's table who are in the source meet a released "
        f"record, which proves nothing (half is needed): {_SPELL}"
    )
