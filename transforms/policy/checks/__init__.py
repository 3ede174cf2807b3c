"""What must agree between the parts of a policy: names that refer to each other, kinds, keys. A module for each subject."""

from collections.abc import Iterator

from beam_deid.transforms.policy.checks.attackers import attacker_problems
from beam_deid.transforms.policy.checks.categories import category_problems
from beam_deid.transforms.policy.checks.columns import input_problems
from beam_deid.transforms.policy.checks.consent import consent_problems
from beam_deid.transforms.policy.checks.keys import key_problems
from beam_deid.transforms.policy.checks.names import dataset_problems, kind_problems
from beam_deid.transforms.policy.checks.platform_terms import term_problems
from beam_deid.transforms.policy.checks.purposes import purpose_problems
from beam_deid.transforms.policy.checks.recipients import recipient_problems
from beam_deid.transforms.policy.checks.released import released_problems
from beam_deid.transforms.policy.checks.required import required_problems
from beam_deid.transforms.policy.checks.same import same_problems
from beam_deid.transforms.policy.checks.where import where_problems
from beam_deid.transforms.policy.checks.written import written_problems
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.yaml_nodes import Problem


def cross_problems(draft: Draft, *, key_given: bool = False) -> Iterator[Problem]:
    """Everything that does not agree in what could be read of a policy.

    Args:
        draft: The policy.
        key_given: Whether a key comes from elsewhere where the policy names none.
    """
    yield from dataset_problems(draft)
    yield from same_problems(draft)
    yield from input_problems(draft)
    yield from key_problems(draft, key_given)
    yield from kind_problems(draft)
    yield from category_problems(draft)
    yield from written_problems(draft)
    yield from purpose_problems(draft)
    yield from recipient_problems(draft)
    yield from term_problems(draft)
    for release in draft.releases.values():
        yield from released_problems(draft, release)
        yield from required_problems(draft, release)
        yield from where_problems(draft, release)
        yield from consent_problems(draft, release, key_given)
        yield from attacker_problems(draft, release)
