"""What pseudonyms reveal without their key: how often each occurs, what they stand for, and intervals between dates."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.combining import combine, mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts, distinct_count, numbered, tally
from beam_deid.transforms.risk.recovery.frequency import HowOften


@dataclass(frozen=True)
class Recovered:
    """The result of an attack.

    Attributes:
        values: What was attacked: distinct values, or subjects.
        recovered: Of these, how many were recovered.
    """

    values: int
    recovered: int

    @property
    def share(self) -> float:
        """The share of values that were recovered, from 0 to 1."""
        return self.recovered / self.values if self.values else 0.0


def by_frequency(pseudonyms: Fingerprints, counts: Counts) -> Recovered:
    """Pseudonyms whose number of records is nobody else's: who knows how often each value occurs tells them apart.

    Args:
        pseudonyms: The pseudonym of each row, shape (n,).
        counts: Records of each row, shape (n,).
    """
    numbers, distinct = codes(pseudonyms)
    return unlike_others(HowOften.of(tally(numbers, counts, len(distinct))))


def unlike_others(often: HowOften) -> Recovered:
    """Pseudonyms whose number of records is nobody else's, from how many have each number."""
    return Recovered(int(often.many.sum()), int((often.many == 1).sum()))


def without_collision(origins: Fingerprints, surrogates: Fingerprints) -> Recovered:
    """Surrogates that stand for one original only, so that they are pseudonyms; both of shape (n,)."""
    pairs = np.unique(np.stack([surrogates, origins]), axis=1)
    _, times = np.unique(pairs[0], return_counts=True)
    return Recovered(len(times), int((times == 1).sum()))


def by_intervals(subject: Fingerprints, moments: npt.NDArray[np.int64]) -> Recovered:
    """Subjects of two dates and more whose intervals are nobody else's; a constant offset leaves intervals as they were.

    Args:
        subject: Subject of each row, shape (n,).
        moments: The date of each row as a number, shape (n,).
    """
    _, times = np.unique(interval_sums(subject, moments), return_counts=True)
    return Recovered(int(times.sum()), int((times == 1).sum()))


def interval_sums(subject: Fingerprints, moments: npt.NDArray[np.int64]) -> Fingerprints:
    """A key of all intervals of each subject of two dates and more, shape (subjects,).

    Args:
        subject: Subject of each row, shape (n,).
        moments: The date of each row as a number, shape (n,).
    """
    people, size = numbered(subject)
    order = np.lexsort((moments, people))
    people = people[order]
    moments = moments[order]
    again = np.zeros(len(people), bool)
    again[1:] = (people[1:] == people[:-1]) & (moments[1:] != moments[:-1])
    first = np.searchsorted(people, people, side="left")
    sums = np.zeros(size, np.uint64)
    np.add.at(sums, people[again], since(moments[again], moments[first[again]]))
    return sums[np.bincount(people[again], minlength=size) > 0]


def since(moments: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> Fingerprints:
    """Keys of the times that passed since the first date of a subject; both of shape (n,).

    The intervals between a subject's dates are known by the sum of these, of each date but the first once.
    """
    return mix(combine([(moments - first).view(np.uint64)], len(moments)))


def singled_out(values: Fingerprints, counts: Counts, subject: Fingerprints | None) -> tuple[Recovered, int]:
    """Subjects whom a value alone singles out in some record, and the fewest who share one: of a mask, what it leaves."""
    numbers, distinct = codes(values)
    if subject is None:
        return of_records(HowOften.of(tally(numbers, counts, len(distinct))))
    people, size = numbered(subject)
    pairs = np.unique(numbers * size + people)
    sizes = np.bincount(pairs // size, minlength=len(distinct))
    return Recovered(distinct_count(subject), distinct_count(subject[sizes[numbers] == 1])), int(sizes.min())


def of_records(often: HowOften) -> tuple[Recovered, int]:
    """Records whose value is no other's, and the fewest that share one, from how many values have each number of records."""
    records = int((often.weights * often.many).sum())
    return Recovered(records, int(often.many[often.weights == 1].sum())), int(often.weights.min())
