"""What a policy requires of a release's classes, as the search and the cut ask for it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from beam_deid.transforms.policy.model import Release
from beam_deid.transforms.risk import per_class
from beam_deid.transforms.risk.distances import Scale, equal_distance
from beam_deid.transforms.risk.measures.sharing import environment_risk
from beam_deid.transforms.search.requirements import Criterion, Requirements
from beam_deid.transforms.terms import Sharing


def criteria(spec: Release, sensitive: Sequence[str], scales: Mapping[str, Scale]) -> tuple[Criterion, ...]:
    """What each class must meet, for every sensitive field that is released.

    Args:
        spec: The release.
        sensitive: Its released sensitive fields.
        scales: How far the values of fields are apart, where not all are equally far.
    """
    return tuple(one for name in sensitive for one in _of(spec, name, scales))


def _of(spec: Release, name: str, scales: Mapping[str, Scale]) -> Iterator[Criterion]:
    require = spec.require
    yield Criterion(f"l:{name}", name, per_class.distinct_values, spec.distinct(name), at_least=True, inherited=True)
    asked = require.l.get(name)
    if asked and asked.entropy is not None:
        yield Criterion(f"l_entropy:{name}", name, per_class.effective_values, asked.entropy, at_least=True)
    if asked and asked.recursive is not None:
        least, values = asked.recursive
        ratio = partial(per_class.recursive_ratio, least=values)
        yield Criterion(f"l_recursive:{name}", name, ratio, least, below=True)
    if name in require.t:
        distance = scales[name].distance if name in scales else equal_distance
        yield Criterion(f"t:{name}", name, distance, require.t[name].max, relative=True)
    if name in require.alpha:
        yield Criterion(f"alpha:{name}", name, per_class.commonest_share, require.alpha[name])
    if name in require.beta:
        most, enhanced = require.beta[name].max, require.beta[name].kind == "enhanced"
        gain = partial(per_class.enhanced_gain, most=most) if enhanced else per_class.basic_gain
        yield Criterion(f"beta:{name}", name, gain, most, relative=True)
    if name in require.delta:
        yield Criterion(f"delta:{name}", name, per_class.greatest_log_ratio, require.delta[name], relative=True)


def requirements(spec: Release, for_label: bool) -> Requirements:
    """What all classes together must meet.

    Args:
        spec: The release.
        for_label: Whether also what the label asks where the policy says nothing: the overall risk R.
    """
    require, mean, highest = spec.require, None, None
    if for_label or "risk" in require.model_fields_set:
        public = spec.sharing is Sharing.PUBLIC
        environment = environment_risk(public, **spec.environment.model_dump(exclude={"population"}))
        if not public:
            mean = require.risk / environment if environment else None
        else:
            highest = require.risk or None
    return Requirements(spec.k, require.suppression, require.average_risk, mean, highest)
