"""What a person should know of a row filter and of a ledger of consent, once it is known whom they meet. No value is told."""

from collections.abc import Iterator, Mapping

from beam_deid.transforms.consent.ledger import ConsentFacts
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.terms import Withheld

_MET = (Withheld.WITHDRAWN, Withheld.NO_GUARDIAN, Withheld.UNKNOWN_AGE)


def filter_notes(release: str, records: RecordCounts) -> Iterator[str]:
    """The same of a release that is about no record."""
    if not records.eligible and records.withheld_by.get(Withheld.WHERE):
        yield f"{release}: no record meets where, and may be released; check its values"


def ledger_notes(release: str, facts: ConsentFacts, eligible: int, withheld_by: Mapping[str, int]) -> Iterator[str]:
    """Sentences without a full stop.

    Args:
        release: The release.
        facts: What is known of its ledger.
        eligible: Records of persons who have consented.
        withheld_by: The others, by reason.
    """
    rows = facts.rows
    if unread := rows.get("unreadable", 0):
        yield f"{release}: {unread:,} of {rows['rows']:,} rows of the ledger of consent cannot be read; they grant nothing"
    if nobody := rows.get("no_person", 0):
        yield f"{release}: {nobody:,} rows of the ledger of consent name nobody"
    if timeless := rows.get("unknown_time", 0):
        yield f"{release}: {timeless:,} consents of the ledger say no time that can be read; they grant nothing"
    met = eligible + sum(withheld_by.get(reason, 0) for reason in _MET)
    if not met and withheld_by.get(Withheld.NO_CONSENT):
        yield (
            f"{release}: the ledger of consent knows nobody of the input; check that both write persons alike, "
            "and whether the ledger holds tokens (consent.keyed)"
        )
