"""Whether each record's person has consented, as the run's ledger says."""

import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import per_distinct, plain
from beam_deid.transforms.columns.numbers import NULL, as_moments
from beam_deid.transforms.consent.events import CHILD, GUARDIAN, OF_AGE, OWN, WITHDRAWN
from beam_deid.transforms.consent.ledger import keyed_action
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.persons.identity_prints import IdentityPrints, identity_prints, set_key, text_prints
from beam_deid.transforms.recognisers.id_card import birth_dates
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.terms import Withheld
from beam_deid.transforms.treat.typed import Records

YEARS_OF_AGE = 14
"""Years from which on a person consents itself (PIPL Art. 31)."""
_EAST = datetime.timezone(datetime.timedelta(hours=8))


class Ages(NamedTuple):
    """Who is under 14, each of shape (n,).

    Attributes:
        child: Whether the person is under 14, by its date of birth or by the ledger.
        unknown: Whether nobody says, although the policy names where it stands.
    """

    child: Bools
    unknown: Bools


class ConsentGate:
    """The consent gate of one release. Made on a worker; it may hold a key.

    Args:
        job: The run, on a worker.
        release: A release that needs consent.

    Raises:
        InternalFault: The ledger was not read.
        KeyFault: A key of a keyed ledger cannot be resolved.
    """

    def __init__(self, job: Job, release: str) -> None:
        consent = job.policy.releases[release].consent
        if consent is None or release not in job.consents:
            raise InternalFault("the ledger of consent was not read", f"release {release}")
        self._persons = job.consents[release].persons
        self._key = set_key(job.prints)
        self._field = consent.field or job.policy.subject_field or ""
        self._kind = job.policy.kind(self._field)
        action = keyed_action(consent)
        self._bound = None if action is None else action.bind(job.policy.target(release, self._field), job.keys)
        self._born = consent.born
        self._of_id_card = consent.born is not None and job.policy.kind(consent.born) is ID_CARD
        self._latest_birth = _latest_birth(job.as_of_for(release))

    def reasons(self, records: Records) -> dict[Withheld, Bools]:
        """For each reason which of the records (n,) it holds of; a record may have several, of which the first counts."""
        prints = self._prints(records)
        marks = self._persons.marks_of(prints)
        ages = self._ages(records, marks)
        own = (marks & OWN) > 0
        valid = np.where(ages.child | ages.unknown, marks & GUARDIAN, marks & OWN) > 0
        withdrawn = (marks & WITHDRAWN) > 0
        lacks_guardian = ages.child & own
        lacks_age = ages.unknown & own
        return {
            Withheld.NO_PERSON: ~prints.known,
            Withheld.WITHDRAWN: ~valid & withdrawn & ~lacks_guardian & ~lacks_age,
            Withheld.NO_GUARDIAN: ~valid & lacks_guardian,
            Withheld.UNKNOWN_AGE: ~valid & lacks_age,
            Withheld.NO_CONSENT: ~valid,
        }

    def _prints(self, records: Records) -> IdentityPrints:
        if self._bound is None:
            return identity_prints(records.columns[self._field], self._kind, self._key)
        values = self._bound(records.made_from(self._field, normalizes=True), None).values
        return text_prints(values, self._key)

    def _ages(self, records: Records, marks: npt.NDArray[np.uint8]) -> Ages:
        """A date of birth counts where there is one; else what the ledger says.

        A child's record may lack the date that others of it have: where dates are kept, nobody without one counts as of age.
        """
        child = (marks & CHILD) > 0
        if self._born is None:
            return Ages(child, np.zeros(len(records), np.bool_))
        births = self._births(plain(records.columns[self._born]))
        known = births != NULL
        unsaid = (marks & (CHILD | OF_AGE)) == 0
        return Ages(np.where(known, births > self._latest_birth, child), ~known & unsaid)

    def _births(self, column: pa.Array) -> npt.NDArray[np.int64]:
        if not self._of_id_card:
            return as_moments(column)
        dates = per_distinct(column.fill_null(""), birth_dates)
        return as_moments(dates)


def _latest_birth(as_of: int) -> int:
    """The last day, as a moment, on which somebody was born who is 14 at some time, by the clocks of China."""
    day = datetime.datetime.fromtimestamp(as_of / 1_000_000, _EAST).date()
    try:
        born = day.replace(year=day.year - YEARS_OF_AGE)
    except ValueError:  # 29 February
        born = day.replace(year=day.year - YEARS_OF_AGE, day=28)
    return int((born - datetime.date(1970, 1, 1)).days) * 86_400_000_000
