"""The reports of an output, and whether each is the one that is made of what stands beside it."""

import json
from functools import lru_cache
from pathlib import Path

from beam_deid.pipelines.report.papers import evidences, pages
from beam_deid.transforms.storage.paths import MARK, POLICY, REPORT


def reports_in(out: Path) -> dict[str, bytes]:
    """The reports that stand in an output, by their path below it."""
    found = {path.relative_to(out).as_posix(): path for path in sorted(out.rglob(REPORT))}
    return {name: path.read_bytes() for name, path in found.items() if MARK not in name}


def made_again(out: Path) -> dict[str, bytes]:
    """The reports that are made of the manifests and the policy of an output."""
    return _made(*_manifests(out))


def made_once(out: Path) -> dict[str, bytes]:
    """The same, for trials, which look at the same few outputs again and again: of the same texts they are made once."""
    return _kept(*_manifests(out))


def _manifests(out: Path) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """The texts that tell of a run, of each of its releases by name, and of its policy."""
    run = (out / "run.json").read_text("utf-8")
    names = [name for name, release in json.loads(run)["releases"].items() if release["published"]]
    labels = tuple((name, (out / name / "label.json").read_text("utf-8")) for name in names)
    return run, labels, (out / POLICY).read_bytes().decode()


def _made(run: str, labels: tuple[tuple[str, str], ...], policy: str) -> dict[str, bytes]:
    return pages(evidences(json.loads(run), {name: json.loads(label) for name, label in labels}, policy))


_kept = lru_cache(maxsize=64)(_made)
