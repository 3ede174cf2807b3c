"""The comparison of two releases: the differences between their entries in a register, between their labels, and in their tests."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.terms import Recoverability

PLAIN = ("label", "sharing", "purpose", "recipient", "k", "record", "identities", "policy_sha256")
"""What an entry says in a word, a figure or a list, and is compared as a whole."""

BY_NAME = ("l", "roles", "levels", "losses", "records")
"""What an entry says of each field, or of each kind of record."""

_OF_LABEL = ("label", "grade", "sensitive", "sharing", "purpose", "policy_sha256")
"""The same of a label."""

_OF_FIELD = {"actions": "action", "recoverability": "recoverability"}

_TOLD = ("passed", "measured", "limit")

Input = tuple[str, str]
"""An input file: its name, and the hash of its bytes."""


def difference(one: Entry, other: Entry) -> dict[str, Any]:
    """List the differences between the register's entries of two releases.

    Returns:
        ``plain``: by name, ``[one's, other's]``. ``fields``: the released fields, ``added`` and ``removed``. ``l``, ``roles``,
        ``levels``, ``losses`` and ``records``: by field or kind of record ``[one's, other's]``, None where one has none.
        ``inputs``: see `differing_inputs`. All of it as JSON has it; what is empty does not differ.
    """
    left = _said(one)
    right = _said(other)
    return {
        "plain": {name: [left[name], right[name]] for name in PLAIN if left[name] != right[name]},
        "fields": _names_differing(one.roles, other.roles),
        **{name: _values_differing(left[name], right[name]) for name in BY_NAME},
        "inputs": differing_inputs(one.inputs, other.inputs),
    }


def differing_labels(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """List the differences between the labels of two releases.

    Args:
        one: A label as ``label.json`` has it, or as much of one as is known; what it does not tell is not compared.
        other: Another.

    Returns:
        ``plain``, ``fields``, ``roles``, ``levels``, ``losses`` and ``records`` as `difference` has them, and by field or figure
        ``actions``, ``recoverability`` and ``risk``; ``tests`` as `differing_tests` has them, None where one has none.
    """
    left = _said_of_label(one)
    right = _said_of_label(other)
    both = [name for name in left if name in right]
    return {
        "plain": {
            name: [one[name], other[name]]
            for name in _OF_LABEL
            if name in one and name in other and one[name] != other[name]
        },
        "fields": _names_differing(*(side["roles"] if "roles" in both else () for side in (left, right))),
        **{name: _values_differing(left[name], right[name]) for name in both},
        "tests": differing_tests(one, other) if "tests" in one and "tests" in other else None,
    }


def _said_of_label(label: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a label says of each field, kind of record or figure, by what it is; without what it does not tell."""
    search = label.get("search", {})
    parts = {
        **_said_of_fields(label.get("fields")),
        "levels": search.get("levels"),
        "losses": search.get("losses"),
        "records": label.get("records"),
        "risk": label.get("risk"),
    }
    return {name: _plain_figures(part) for name, part in parts.items() if part is not None}


def _said_of_fields(fields: Mapping[str, Any] | None) -> dict[str, dict[str, Any] | None]:
    """The same of each released field, by what is told of it."""
    if fields is None:
        return {}
    released = {name: facts for name, facts in fields.items() if facts.get("recoverability") != Recoverability.REMOVED}
    return {
        "roles": {name: list(facts["role"]) for name, facts in released.items()},
        **{key: _of_fields(released, name) for key, name in _OF_FIELD.items()},
    }


def _of_fields(fields: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """What a label says of each field under one name; None where it does not say it of all."""
    return (
        {field: facts[name] for field, facts in fields.items()}
        if all(name in facts for facts in fields.values())
        else None
    )


def _plain_figures(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a label without what is made of several figures."""
    return {name: value for name, value in part.items() if not isinstance(value, Mapping)}


def differs(found: Mapping[str, Any]) -> bool:
    """Whether anything stands in what `difference` returned."""
    return any(differs(part) if isinstance(part, Mapping) else bool(part) for part in found.values())


def differing_inputs(one: Iterable[Mapping[str, Any]], other: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What differs in the input files of two releases. A file is known by its bytes, and else by its name.

    Returns:
        ``added`` and ``removed``, each file as ``{name, sha256}``; ``changed``, those of one name and other bytes, as
        ``{name, sha256: [one's, other's]}``; ``renamed``, those of the same bytes and another name, as ``{name: [one's,
        other's], sha256}``.
    """
    left = Counter(map(_input, one))
    right = Counter(map(_input, other))
    gone = left - right
    come = right - left
    renamed = _alike(gone, come, by=1)
    gone, come = _without(gone, come, renamed)
    changed = _alike(gone, come, by=0)
    gone, come = _without(gone, come, changed)
    return {
        "added": [{"name": name, "sha256": sha256} for name, sha256 in sorted(come.elements())],
        "removed": [{"name": name, "sha256": sha256} for name, sha256 in sorted(gone.elements())],
        "changed": [{"name": old[0], "sha256": [old[1], new[1]]} for old, new in changed],
        "renamed": [{"name": [old[0], new[0]], "sha256": old[1]} for old, new in renamed],
    }


def differing_tests(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the tests that differ between two labels, in the order of the first label and then of the other.

    Args:
        one: A label, as ``label.json`` has it.
        other: Another.

    Returns:
        Of each such test its ``name``, and ``one`` and ``other``: ``{passed, measured, limit}``, None where a label has no
        test of this name.
    """
    left = _tests(one)
    right = _tests(other)
    names = list(dict.fromkeys([*left, *right]))
    return [
        {"name": name, "one": left.get(name), "other": right.get(name)}
        for name in names
        if left.get(name) != right.get(name)
    ]


def _said(entry: Entry) -> dict[str, Any]:
    return {name: plain(getattr(entry, name)) for name in (*PLAIN, *BY_NAME)}


def _names_differing(one: Iterable[str], other: Iterable[str]) -> dict[str, list[str]]:
    left = list(one)
    right = list(other)
    return {
        "added": [name for name in right if name not in left],
        "removed": [name for name in left if name not in right],
    }


def _values_differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = list(dict.fromkeys([*one, *other]))
    return {name: [one.get(name), other.get(name)] for name in names if one.get(name) != other.get(name)}


def _input(file: Mapping[str, Any]) -> Input:
    return str(file["name"]), str(file["sha256"])


def _alike(gone: Counter[Input], come: Counter[Input], by: int) -> list[tuple[Input, Input]]:
    """Pairs of files, one of each side, that are alike in one respect; each file is in one pair at most."""
    waiting = defaultdict(list)
    for new in sorted(come.elements(), reverse=True):
        waiting[new[by]].append(new)
    return [(old, waiting[old[by]].pop()) for old in sorted(gone.elements()) if waiting[old[by]]]


def _without(
    gone: Counter[Input], come: Counter[Input], pairs: Iterable[tuple[Input, Input]]
) -> tuple[Counter[Input], Counter[Input]]:
    """Both sides without the files of some pairs."""
    olds = Counter(old for old, _ in pairs)
    news = Counter(new for _, new in pairs)
    return gone - olds, come - news


def _tests(label: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {test["name"]: {key: test[key] for key in _TOLD} for test in label["tests"]}
