"""Fields that their values make sensitive, whatever role the policy gives them: known once all records are read."""

from dataclasses import replace

from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.policy.categories import with_sensitive
from beam_deid.transforms.run.job import Job


def by_values(job: Job, measured: Measured) -> Job:
    """The run with the role sensitive for each field of which a release gives out values that are on a list of sensitive ones.

    The label rule asks its lines of such a field from then on, in every release of the run.
    """
    found = {field for one in measured.releases.values() for field, _ in one.listed}
    policy = with_sensitive(job.policy, sorted(found))
    return job if policy is job.policy else replace(job, policy=policy)
