"""The proof: what was written is what was decided."""

import numpy as np

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.facts import PartFacts

_CHANGED = "The input may have changed while the run read it; run again on files that stay as they are"


def prove(decision: ReleaseDecision, facts: PartFacts, in_files: bool = True) -> None:
    """Compare the counts of a release pass with its decision.

    Args:
        decision: What was decided.
        facts: What was done.
        in_files: Whether the records were written to files, whose rows are then counted as well.

    Raises:
        InternalFault: A class, a count or the digest differs: nothing may be published.
    """
    where = f"release {decision.release}"
    keys, counts = decision.classes
    if not (np.array_equal(keys, facts.classes[0]) and np.array_equal(counts, facts.classes[1])):
        raise InternalFault("the classes written are not those the label was decided on", where, _CHANGED)
    if decision.digest != facts.digest:
        raise InternalFault("the records written are not those the label was decided on", where, _CHANGED)
    released = int(counts.sum())
    if in_files and sum(file.rows for file in facts.files) != released:
        raise InternalFault("the parts do not hold as many rows as were released", where, _CHANGED)
    expected = decision.records
    counted = (facts.read, facts.suppressed, facts.rejected)
    if counted != (expected.read, expected.suppressed, expected.rejected):
        raise InternalFault("the records read differ between the two passes", where, _CHANGED)
    if facts.read != released + facts.suppressed + facts.rejected:
        raise InternalFault("read is not released + suppressed + withheld + rejected", where, _CHANGED)
