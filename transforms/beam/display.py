"""What an engine may show of a run beside its graph: what the policy is called, never a value and never a key's place."""

from typing import Any

from beam_deid.transforms.run.job import Job


def job_display(job: Job) -> dict[str, Any]:
    """Display data of every step of a run."""
    return {
        "dataset": job.policy.dataset,
        "policy_sha256": job.policy_sha256,
        "releases": ", ".join(job.releases),
        "run": job.run,
    }
