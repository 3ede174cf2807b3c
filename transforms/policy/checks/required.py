"""What a release requires of its fields, and how its search weighs them."""

from collections.abc import Iterator

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.label.requirements import options
from beam_deid.transforms.policy.checks.categories import is_sensitive
from beam_deid.transforms.policy.checks.distances import distance_problem
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.terms import Recoverability


def required_problems(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    """Requirements and weights of fields that cannot have them."""
    yield from _required(draft, release)
    yield from _weighed(draft, release)
    yield from _distances(draft, release)


def _required(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for measure in (name for name, option in options().items() if option.by_field):
        for field in release.named("require", measure):
            path: Path = ("releases", release.name, "require", measure, field)
            spec = draft.fields.get(field)
            if field not in draft.fields:
                yield Problem(path, draft.no_field(field))
            elif spec is not None and not is_sensitive(draft, field):
                yield Problem(path, f"{bare(field)} is not sensitive; give it the role sensitive, or leave this out")
            elif draft.how(release, field) is Recoverability.REMOVED:
                yield Problem(path, f"this release does not give {bare(field)} out; leave this out")


def _weighed(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field in release.named("search", "weights"):
        path: Path = ("releases", release.name, "search", "weights", field)
        action = release.actions.get(field)
        if field not in draft.fields:
            yield Problem(path, draft.no_field(field))
        elif field not in release.actions or not isinstance(action, Levelled | None):
            yield Problem(
                path, f"{bare(field)} is not generalized by this release, so its level is not searched; leave this out"
            )


def _distances(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field, asked in release.named("require", "t").items():
        path: Path = ("releases", release.name, "require", "t", field)
        distance = asked.get("distance") if isinstance(asked, dict) else None
        action = release.actions.get(field)
        if distance == "ordered" and distance_problem(draft, field, "1d") and distance_problem(draft, field, 1.0):
            yield Problem(path, f"values of {bare(field)} have no order; declare its kind, or leave distance out")
        if distance == "hierarchical" and action is not None and not action.verbatim:
            yield Problem(path, f"{bare(field)} must be kept as it is, so that its values stand in the hierarchy")
