"""What is known of the releases of a run, read from its output alone, wherever that is."""

from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.label.reading import needed_manifest
from beam_deid.transforms.storage.files import is_file, read_all
from beam_deid.transforms.storage.paths import absolute, join


def read_evidence(folder: str) -> list[Evidence]:
    """Read what is known of the releases of a run: its manifests and its policy, and no part.

    Args:
        folder: The output of the run.

    Returns:
        One for each published release, in the order of ``run.json``.

    Raises:
        UsageError: There is no run in the folder.
    """
    output = absolute(folder)
    run = needed_manifest(join(output, "run.json"))
    path = join(output, "policy.yaml")
    policy = bytes(read_all(path)).decode("utf-8") if is_file(path) else None
    published = [name for name, told in run["releases"].items() if told["published"]]
    return [Evidence(needed_manifest(join(output, name, "label.json")), run, policy) for name in published]
