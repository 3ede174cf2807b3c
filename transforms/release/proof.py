"""The proof: what was written is what was decided."""

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.facts import PartFacts

_CHANGED = "The input may have changed while the run read it; run again on files that stay as they are"


def prove(decision: ReleaseDecision, facts: PartFacts, in_files: bool = True) -> None:
    """Compare what a release pass found with its decision.

    Args:
        decision: What was decided.
        facts: What was done.
        in_files: Whether the records were written to files, whose rows are then counted as well.

    Raises:
        InternalFault: A count or a digest differs: nothing may be published.
    """
    where = f"release {decision.release}"
    if (decision.proof.records, decision.proof.values) != (facts.proof.records, facts.proof.values):
        raise InternalFault("the values written are not those the label was decided on", where, _CHANGED)
    if decision.proof.persons != facts.proof.persons:
        raise InternalFault("the records written are not those the label was decided on", where, _CHANGED)
    released = decision.proof.records
    if in_files and sum(file.rows for file in facts.files) != released:
        raise InternalFault("the parts do not hold as many rows as were released", where, _CHANGED)
    expected = decision.records
    counted = (facts.read, facts.suppressed, facts.rejected, dict(facts.withheld))
    if counted != (expected.read, expected.suppressed, expected.rejected, expected.withheld_by):
        raise InternalFault("the records read differ between the two passes", where, _CHANGED)
    if facts.read != released + facts.suppressed + facts.withheld.total() + facts.rejected:
        raise InternalFault("read is not released + suppressed + withheld + rejected", where, _CHANGED)
