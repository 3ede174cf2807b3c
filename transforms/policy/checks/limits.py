"""Limits that a policy asks for."""

from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.policy.draft import Draft
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.terms import Sharing


def loosened(draft: Draft) -> Iterator[Problem]:
    """Whatever asks for less than the sharing model does, with the limit that holds. A policy may only tighten."""
    models = {str(one): one for one in Sharing}
    for release in draft.releases.values():
        given = release.named("require")
        sharing = release.raw.get("sharing")
        if not isinstance(sharing, str) or sharing not in models:
            continue
        for requirement in REQUIREMENTS:
            if requirement.option is not None:
                path: Path = ("releases", release.name, "require", requirement.option.name)
                for where, value in _asked_of(given.get(requirement.option.name), requirement.option.by_field, path):
                    what = requirement.loosened(value, models[sharing])
                    if what:
                        yield Problem(where, what)


def _asked_of(asked: Any, by_field: bool, path: Path) -> Iterator[tuple[Path, Any]]:
    """What an option asks, where it stands: as a whole or of each field, as a number or as its number of distinct values."""
    if not by_field:
        yield path, asked
        return
    for field, value in (asked if isinstance(asked, dict) else {}).items():
        if isinstance(value, dict):
            yield (*path, field, "distinct"), value.get("distinct")
        else:
            yield (*path, field), value
