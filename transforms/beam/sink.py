"""What a sink of the engine is: where released rows go, and what is made of the proof."""

from typing import Any, Protocol

import apache_beam as beam

from beam_deid.transforms.beam.decide import Decider
from beam_deid.transforms.beam.release import ReleasedElements, Sides
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.release.outputs import Outputs


class Sink(Protocol):
    """Where released rows go, and what is made of the proof.

    Attributes:
        decider: How its releases are decided.
        outputs: What takes the rows of each piece of the input; None where the decision is all that is wanted.
    """

    decider: Decider
    outputs: Outputs | None

    def finish(self, released: ReleasedElements | None, decision: beam.PCollection[Decision], sides: Sides) -> Any:
        """The last steps: rows brought into their order, and the proof.

        Args:
            released: What the second pass gave; None where there was none.
            decision: The decision.
            sides: What the steps are told beside the rows.
        """
        ...
