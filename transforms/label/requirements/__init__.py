"""Requirements: one file each, all of them in `REQUIREMENTS`, in the order of the label rule's lines."""

from collections.abc import Iterator
from typing import Any

from pydantic import create_model

from beam_deid.transforms.label.options import Option, PolicyOptions
from beam_deid.transforms.label.requirements.alpha import Alpha
from beam_deid.transforms.label.requirements.attackers import Attackers
from beam_deid.transforms.label.requirements.average_risk import AverageRisk
from beam_deid.transforms.label.requirements.beta import Beta
from beam_deid.transforms.label.requirements.classes_at_risk import ClassesAtRisk
from beam_deid.transforms.label.requirements.closeness import Closeness
from beam_deid.transforms.label.requirements.common_values import CommonValues
from beam_deid.transforms.label.requirements.composite import Composite
from beam_deid.transforms.label.requirements.composition import Composition
from beam_deid.transforms.label.requirements.delta import Delta
from beam_deid.transforms.label.requirements.digests import Digests
from beam_deid.transforms.label.requirements.direct_identifiers import DirectIdentifiers
from beam_deid.transforms.label.requirements.distinct import Distinct
from beam_deid.transforms.label.requirements.dominance import Dominance
from beam_deid.transforms.label.requirements.entropy import Entropy
from beam_deid.transforms.label.requirements.filtered import Filtered
from beam_deid.transforms.label.requirements.gain import Gain
from beam_deid.transforms.label.requirements.history import History
from beam_deid.transforms.label.requirements.k import Rest
from beam_deid.transforms.label.requirements.k_all import All
from beam_deid.transforms.label.requirements.k_values import EveryValue
from beam_deid.transforms.label.requirements.k_without import AllButOne
from beam_deid.transforms.label.requirements.keyless import Keyless
from beam_deid.transforms.label.requirements.order import Order
from beam_deid.transforms.label.requirements.other_tables import OtherTables
from beam_deid.transforms.label.requirements.platform import Platform
from beam_deid.transforms.label.requirements.recursive import Recursive
from beam_deid.transforms.label.requirements.register import Register
from beam_deid.transforms.label.requirements.requirement import Planned, Requirement
from beam_deid.transforms.label.requirements.restorable import Restorable
from beam_deid.transforms.label.requirements.risk import OverallRisk
from beam_deid.transforms.label.requirements.value_scan import ValueScan
from beam_deid.transforms.label.scope import Scope

REQUIREMENTS: tuple[Requirement, ...] = (
    DirectIdentifiers(),
    ValueScan(),
    Restorable(),
    Digests(),
    Platform(),
    Keyless(),
    Rest(),
    All(),
    AllButOne(),
    EveryValue(),
    Composite(),
    History(),
    Distinct(),
    Gain(),
    Entropy(),
    Recursive(),
    Closeness(),
    Alpha(),
    Beta(),
    Delta(),
    Filtered(),
    Dominance(),
    ClassesAtRisk(),
    OverallRisk(),
    AverageRisk(),
    Attackers(),
    Register(),
    Composition(),
    CommonValues(),
    OtherTables(),
    Order(),
)
"""All requirements."""

if len({requirement.name for requirement in REQUIREMENTS}) != len(REQUIREMENTS):
    raise RuntimeError("two requirements share a name")


def planned(scope: Scope) -> Iterator[tuple[Requirement, Planned]]:
    """Every test of a release with the requirement that it belongs to, in the order of the lines."""
    for requirement in REQUIREMENTS:
        for test in requirement.planned(scope):
            yield requirement, test


def options() -> dict[str, Option[Any]]:
    """The options that policies may write under ``require``, by name."""
    return {one.option.name: one.option for one in REQUIREMENTS if one.option is not None}


def _options_model() -> type[PolicyOptions]:
    holds: dict[str, Any] = {name: one.schema for name, one in options().items()}
    return create_model("Options", __base__=PolicyOptions, __module__=__name__, **holds)


Options = _options_model()
"""What stands under ``require`` of a policy, and under ``asked`` of a label: a model with every requirement's option."""
