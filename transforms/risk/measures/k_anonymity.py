"""k-anonymity by subject, and with all rows of a subject as one composite quasi-identifier.

Samarati, Sweeney: Protecting privacy when disclosing information (1998). Counting distinct subjects per class
over-states safety where rows of one subject can be linked: the multiset of a subject's classes is then the
quasi-identifier, which is how Google's Sensitive Data Protection defines k with an entity id.
"""

from typing import Any

import numpy as np

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_count, numbered
from beam_deid.transforms.risk.measures.measure import Measure, View

_ODD = np.uint64(0x9E3779B97F4A7C15)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


class KAnonymity(Measure):
    """``records, subjects, classes, unique_subjects, k, k_composite``."""

    name = "k_anonymity"

    def figures(self, view: View) -> dict[str, Any]:
        """The figures; ``k_composite`` is null where nothing was declared as subject."""
        classes = view.classes
        subject = view.subject
        if subject is None:
            people = int(view.counts.sum())
            alone = int((classes.subjects == 1).sum())
            composite = None
        else:
            people = distinct_count(subject)
            alone = distinct_count(subject[classes.subjects[classes.numbers] == 1])
            composite = k_composite(classes, view.counts, subject)
        return {
            "records": int(view.counts.sum()),
            "subjects": people,
            "classes": len(classes),
            "unique_subjects": alone,
            "k": int(classes.subjects.min()),
            "k_composite": composite,
        }


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
    # A mixed 0 is 0, of which any number adds up to nothing.
    members = mix(classes.keys + _ODD)[classes.numbers] * counts.view(np.uint64)
    # Halves of 32 bits add up exactly in floating point, for up to 2²¹ rows of one subject.
    halves = [np.bincount(people, weights=half, minlength=size) for half in (members & _LOW, members >> _HALF)]
    low, high = (half.astype(np.uint64) for half in halves)
    there = np.bincount(people, minlength=size) > 0
    sums = np.sort((low + (high << _HALF))[there])
    begins = np.flatnonzero(np.r_[True, sums[1:] != sums[:-1]])
    return int(np.diff(np.r_[begins, len(sums)]).min())
