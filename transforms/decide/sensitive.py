"""Fields that their values make sensitive, whatever role the policy gives them: known once all records are read."""

from collections.abc import Iterator
from dataclasses import replace

from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.policy.categories import with_sensitive
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.run.job import Job


def by_values(job: Job, measured: Measured) -> Job:
    """The run with the role sensitive for each field of which a release gives out values that are on a list of sensitive ones.

    The label rule asks its lines of such a field from then on, in every release of the run.
    """
    found = {field for one in measured.releases.values() for field, _ in one.listed}
    policy = with_sensitive(job.policy, sorted(found))
    return job if policy is job.policy else replace(job, policy=policy)


def told(declared: Job, job: Job, measured: Measured) -> Iterator[str]:
    """What a person should know of fields that their values made sensitive, a sentence each.

    Args:
        declared: The run as the policy has it.
        job: The run with what `by_values` made of it.
        measured: What the measuring pass found.
    """
    for name, spec in job.policy.fields.items():
        if spec.role != declared.policy.fields[name].role:
            lists = sorted(
                {one for found in measured.releases.values() for field, one in found.listed if field == name}
            )
            yield (
                f"{bare(name)} counts as sensitive: values of it are on the lists {', '.join(lists)}; write role: "
                "[quasi_identifier, sensitive], or generalize it"
            )
