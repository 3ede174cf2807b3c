"""What a sink of the engine is: where released rows go, and what is made of the proof."""

from typing import Any, NamedTuple, Protocol

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from beam_deid.transforms.beam.decide import Decider
from beam_deid.transforms.beam.release import ReleasedElements
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.release.outputs import Outputs


class Sides(NamedTuple):
    """What the last steps are told beside the rows, as side inputs.

    Attributes:
        given: What is known of the run only while it runs.
        orders: The decision, as workers need it.
        decision: The decision, with what the proof needs.
    """

    given: AsSingleton
    orders: AsSingleton
    decision: AsSingleton


class Sink(Protocol):
    """Where released rows go, and what is made of the proof.

    Attributes:
        decider: How its releases are decided.
        outputs: What takes the rows of each piece of the input.
    """

    decider: Decider
    outputs: Outputs

    def finish(self, released: ReleasedElements, orders: beam.PCollection[Decision], sides: Sides) -> Any:
        """The last steps: rows brought into their order, and the proof.

        Args:
            released: What the second pass gave.
            orders: The decision, as workers need it.
            sides: What else the steps are told.
        """
        ...
