"""The reports of an output, and whether each is the one that is made of what stands beside it."""

import json
from pathlib import Path

from beam_deid.pipelines.report.papers import evidences, pages
from beam_deid.transforms.storage.paths import MARK, POLICY, REPORT


def reports_in(out: Path) -> dict[str, bytes]:
    """The reports that stand in an output, by their path below it."""
    found = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob(REPORT))}
    return {name: path.read_bytes() for name, path in found.items() if MARK not in name}


def made_again(out: Path) -> dict[str, bytes]:
    """The reports that are made of the manifests and the policy of an output."""
    run = json.loads((out / "run.json").read_text("utf-8"))
    names = [name for name, release in run["releases"].items() if release["published"]]
    labels = {name: json.loads((out / name / "label.json").read_text("utf-8")) for name in names}
    return pages(evidences(run, labels, (out / POLICY).read_bytes().decode()))
