"""k-anonymity by subject, and with all rows of a subject as one composite quasi-identifier.

Samarati, Sweeney: Protecting privacy when disclosing information (1998). Counting distinct subjects per class
over-states safety where rows of one subject can be linked: the multiset of a subject's classes is then the
quasi-identifier, which is how Google's Sensitive Data Protection defines k with an entity id.
"""

from typing import Any

import numpy as np

from beam_deid.transforms.columns.fingerprint import Keys
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.measures.measure import Measure, View


class KAnonymity(Measure):
    """``records, subjects, classes, unique_subjects, k, k_composite``."""

    name = "k_anonymity"

    def figures(self, view: View) -> dict[str, Any]:
        """The figures; ``k_composite`` is null where nothing was declared as subject."""
        classes, subject = view.classes, view.subject
        unique = classes.numbers[classes.subjects[classes.numbers] == 1]
        if subject is None:
            people, alone, composite = int(view.counts.sum()), len(unique), None
        else:
            people = len(np.unique(subject))
            alone = len(np.unique(subject[classes.subjects[classes.numbers] == 1]))
            composite = k_composite(classes.numbers, view.counts, subject)
        return {
            "records": int(view.counts.sum()),
            "subjects": people,
            "classes": len(classes),
            "unique_subjects": alone,
            "k": int(classes.subjects.min()),
            "k_composite": composite,
        }


def k_composite(numbers: Counts, counts: Counts, subject: Keys) -> int:
    """The smallest number of subjects that share one multiset of classes.

    Args:
        numbers: Class of each row, shape (n,).
        counts: Records per row, shape (n,).
        subject: Subject of each row, shape (n,).
    """
    rows = np.lexsort((numbers, subject))
    who, what, many = subject[rows], numbers[rows], counts[rows]
    # One entry per (subject, class), with its multiplicity.
    starts = np.flatnonzero(np.r_[True, (who[1:] != who[:-1]) | (what[1:] != what[:-1])])
    who, what, many = who[starts], what[starts], np.add.reduceat(many, starts)
    begins = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    lengths = np.diff(np.r_[begins, len(who)])
    state = np.zeros(len(begins), dtype=np.int64)
    # After step j, two subjects share a state iff their first j entries are equal and they have at least j of them.
    next_state = 1
    for step in range(int(lengths.max())):
        going = np.flatnonzero(lengths > step)
        at = begins[going] + step
        _, fresh = np.unique(np.stack([state[going], what[at], many[at]]), axis=1, return_inverse=True)
        state[going] = fresh.reshape(-1) + next_state
        next_state += len(going)
    return int(np.unique(state, return_counts=True)[1].min())
