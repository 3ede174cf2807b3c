"""k-anonymity by subject, and with all rows of a subject as one composite quasi-identifier.

Samarati, Sweeney: Protecting privacy when disclosing information (1998). Counting distinct subjects per class
over-states safety where rows of one subject can be linked: the multiset of a subject's classes is then the
quasi-identifier, which is how Google's Sensitive Data Protection defines k with an entity id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_count, numbered
from beam_deid.transforms.risk.meaning import COUNTED, Meaning
from beam_deid.transforms.risk.measures.measure import Count, CountOrNone, Figures, Measure, Subjects, View
from beam_deid.transforms.risk.sizes import Sizes

_ODD = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclass(frozen=True)
class ClassSizes(Figures):
    """How large equivalence classes are.

    Attributes:
        records: Records.
        subjects: Distinct subjects; records where nobody says whom they are about.
        classes: Equivalence classes.
        unique_subjects: Subjects who are alone in one of them at least.
        k: Subjects of the smallest class.
        k_composite: Fewest subjects who share one multiset of classes; None where no subject is declared.
    """

    records: Count
    subjects: Count
    classes: Count
    unique_subjects: Count
    k: Count
    k_composite: CountOrNone


class KAnonymity(Measure):
    """How many subjects stand in each class, and how many stand in the same classes with all their rows."""

    name = "k_anonymity"
    kind = ClassSizes
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "records": Meaning(meaning="Records that are released", advice=COUNTED),
        "subjects": Meaning(
            meaning="Persons whom the released records are about; records, where nobody says whom they are about",
            advice=COUNTED,
        ),
        "classes": Meaning(
            meaning="Groups of records that look alike: equal in every released column that is not sensitive alone",
            formula="J = |{x₁, …, xₙ}|",
            advice=COUNTED,
        ),
        "unique_subjects": Meaning(
            meaning="Persons who are alone in a group, so that whoever knows what the group shows knows who they are",
            formula="|{s : ∃ j: s ∈ j ∧ f_j = 1}|",
            test="k",
        ),
        "k": Meaning(
            meaning="Persons in the smallest group",
            formula="k = min f_j",
            source="Samarati, Sweeney: Protecting privacy when disclosing information (1998)",
            test="k",
        ),
        "k_composite": Meaning(
            meaning="Fewest persons whose records, all taken together, are in the same groups",
            formula="min |{s : {j(r) : r ∈ s} = m}|",
            source="Google Sensitive Data Protection: k with an entity id",
            test="k_composite",
        ),
    }

    def figures(self, view: View) -> ClassSizes:
        """Tell records, subjects and classes."""
        found = view.subjects
        sizes = found.sizes
        return ClassSizes(found.records, found.distinct, len(sizes), found.unique, sizes.least, found.k_composite)


def subjects_of(classes: Classes, counts: Counts, subject: Fingerprints | None) -> Subjects:
    """Count the subjects of some rows and of their classes.

    Args:
        classes: Class of each row.
        counts: Records per row, shape (n,).
        subject: Subject of each row, shape (n,); None where each record is a person of its own.
    """
    sizes = Sizes.of(classes.subjects)
    of_records = Sizes.weighted(classes.subjects, classes.records)
    records = int(counts.sum())
    if subject is None:
        alone = int((classes.subjects == 1).sum())
        return Subjects(records, records, alone, None, sizes, of_records)
    alone = distinct_count(subject[classes.subjects[classes.numbers] == 1])
    composite = k_composite(classes, counts, subject)
    return Subjects(records, distinct_count(subject), alone, composite, sizes, of_records)


def k_composite(classes: Classes, counts: Counts, subject: Fingerprints) -> int:
    """The smallest number of subjects that share one multiset of classes.

    A multiset is known by the sum of its members' keys modulo 2⁶⁴: equal multisets have equal sums, and two
    different ones collide with a chance of 2⁻⁶⁴.

    Args:
        classes: Class of each row.
        counts: Records per row, shape (n,).
        subject: Subject of each row, shape (n,).
    """
    people, size = numbered(subject)
    members = member_keys(classes.keys, 1)[classes.numbers] * counts.view(np.uint64)
    # Halves of 32 bits add up exactly in floating point, for up to 2²¹ rows of one subject.
    halves = [np.bincount(people, weights=half, minlength=size) for half in (members & _LOW, members >> _HALF)]
    low, high = (half.astype(np.uint64) for half in halves)
    there = np.bincount(people, minlength=size) > 0
    sums = np.sort((low + (high << _HALF))[there])
    begins = np.flatnonzero(np.r_[True, sums[1:] != sums[:-1]])
    return int(np.diff(np.r_[begins, len(sums)]).min())


def member_keys(keys: Fingerprints, counts: Counts | int) -> Fingerprints:
    """What each row adds to the sum by which a multiset of classes is known, shape (n,).

    Args:
        keys: Key of each row's class, shape (n,).
        counts: Records per row, shape (n,), or of every row.
    """
    # A mixed 0 is 0, of which any number adds up to nothing.
    return np.asarray(mix(keys + _ODD) * np.asarray(counts).astype(np.uint64))
