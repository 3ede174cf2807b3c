"""What pydantic finds wrong with a policy's shape, in plain words and at the exact key."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic import ValidationError

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.model_paths import placed
from beam_deid.transforms.policy.shape_words import words_for
from beam_deid.transforms.policy.yaml_nodes import Path, Problem


class _Found(NamedTuple):
    path: Path
    what: str
    of_union: bool


def shape_problems(raw: dict[str, Any]) -> list[Problem]:
    """Every key of a raw policy that is missing, unknown, or has a value of the wrong type or size."""
    try:
        Policy.model_validate(raw)
    except ValidationError as error:
        found = [_found(raw, one) for one in error.errors(include_url=False) if not _idle(one)]
        return [Problem(path, what) for path, what in _merged(found)]
    return []


def _found(raw: dict[str, Any], error: Any) -> _Found:
    path, of_union = placed(raw, error["loc"], missing=error["type"] == "missing")
    return _Found(path, words_for(error, path), of_union)


def _idle(error: Any) -> bool:
    """Whether another error says it better: a list whose items are wrong."""
    return error["type"] == "too_short" and len(error["input"]) >= int(error["ctx"]["min_length"])


def _merged(found: list[_Found]) -> Iterator[tuple[Path, str]]:
    # Of the types that a value may have only those that fit it best are told, as alternatives.
    by_path: dict[Path, list[str]] = {}
    for one in found:
        deeper = (other.path for other in found if other.of_union and other.path != one.path)
        if not (one.of_union and any(path[: len(one.path)] == one.path for path in deeper)):
            by_path.setdefault(one.path, []).append(one.what)
    for path, words in by_path.items():
        yield path, ", or ".join(dict.fromkeys(words))
