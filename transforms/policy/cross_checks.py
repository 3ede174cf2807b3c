"""What must agree between the parts of a policy: names that refer to each other, kinds, keys."""

import re
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from beam_deid.transforms.actions.action import Action, Beside, Target
from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.crypto.keys import check_reference
from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.label.requirements import REQUIREMENTS, options
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.nearest import advice, bare, shown
from beam_deid.transforms.policy.paths import NO_REGISTER
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Recoverability, Role, Sharing

RELEASE_NAME = "[A-Za-z0-9_][A-Za-z0-9_-]{0,99}"
"""A pattern: a release names a folder, on any system and in any object store."""


def cross_problems(draft: Draft, *, key_given: bool = False) -> Iterator[Problem]:
    """Everything that does not agree in what could be read of a policy.

    Args:
        draft: The policy.
        key_given: Whether a key comes from elsewhere where the policy names none.
    """
    yield from _names(draft)
    yield from _subject(draft)
    yield from _same(draft)
    yield from _input(draft)
    yield from _keys(draft, key_given)
    yield from _signing(draft)
    yield from _register(draft)
    yield from _kinds(draft)
    for release in draft.releases.values():
        yield from _released(draft, release)
        yield from _options(draft, release)
        yield from _required(draft, release)
        yield from _weighed(draft, release)
        yield from _distances(draft, release)
        yield from _history(draft, release)
        yield from _known(draft, release)
        yield from _frequencies(draft, release)


def _names(draft: Draft) -> Iterator[Problem]:
    for field in draft.fields:
        if not field.strip():
            yield Problem(("fields", field), "a field must have a name")
    seen: dict[str, str] = {}
    for name in draft.releases:
        path: Path = ("releases", name)
        if not re.fullmatch(RELEASE_NAME, name):
            yield Problem(path, "a release names a folder: letters A-Z a-z, digits, _ and -, not - first, 100 at most")
        elif name.lower() in seen:
            other = shown(seen[name.lower()])
            yield Problem(
                path,
                f"differs from {other} only in case, and some systems take both for one folder; rename it",
            )
        seen.setdefault(name.lower(), name)


def _subject(draft: Draft) -> Iterator[Problem]:
    subject = draft.raw.get("subject")
    if subject == EACH_RECORD:
        if EACH_RECORD in draft.fields:
            yield Problem(
                ("subject",), f"a field is called {EACH_RECORD}, and so is the word for no subject; rename the field"
            )
    elif isinstance(subject, str) and subject not in draft.fields:
        yield Problem(("subject",), f"{_no_field(subject, draft)}; or {EACH_RECORD}, if every record is one person")


def _same(draft: Draft) -> Iterator[Problem]:
    same = draft.raw.get("same")
    for field, merged in (same if isinstance(same, dict) else {}).items():
        spec = draft.fields.get(field)
        if field not in draft.fields:
            yield Problem(("same", field), _no_field(field, draft))
        elif spec is not None and not spec.has(Role.SENSITIVE):
            yield Problem(
                ("same", field), f"{bare(field)} is not sensitive; give it the role sensitive, or leave this out"
            )
        yield from _merged(field, merged if isinstance(merged, dict) else {})


def _merged(field: str, merged: dict[str, Any]) -> Iterator[Problem]:
    """Values that are merged into two others, or into one that is merged itself, so that nobody knows which is meant."""
    heads = {_spelt(one): one for one in merged}
    into = dict[str, str]()
    for one, others in merged.items():
        if isinstance(others, list) and not others:
            yield Problem(("same", field, one), f"name a value that means the same as {shown(one)}, or leave this out")
        for number, other in enumerate(others if isinstance(others, list) else []):
            path: Path = ("same", field, one, number)
            if not isinstance(other, str):
                continue
            if _spelt(other) == _spelt(one):
                yield Problem(
                    path, f"{shown(other)} counts as {shown(one)} anyway, whatever its spelling; leave it out"
                )
            elif _spelt(other) in heads:
                yield Problem(
                    path, f"{shown(other)} is merged into {shown(one)} and has others merged into it; name it once"
                )
            elif into.setdefault(_spelt(other), one) != one:
                yield Problem(path, f"{shown(other)} is merged into {shown(into[_spelt(other)])}, too; name it once")


def _spelt(text: str) -> str:
    """A value as it is compared: what differs in spelling only is one."""
    return str(normal_text(pa.array([text.encode("utf-8", "replace").decode()]))[0].as_py())


def _input(draft: Draft) -> Iterator[Problem]:
    given = draft.raw.get("input")
    sections = given if isinstance(given, dict) else {}
    for section in ("fields", "combine"):
        named = sections.get(section)
        for name, parts in (named if isinstance(named, dict) else {}).items():
            path: Path = ("input", section, name)
            if name not in draft.fields:
                yield Problem(path, _no_field(name, draft))
            for number, part in enumerate(parts if isinstance(parts, list) else []):
                if isinstance(part, str) and part not in draft.fields:
                    yield Problem((*path, number), _no_field(part, draft))


def _keys(draft: Draft, key_given: bool) -> Iterator[Problem]:
    keys = draft.raw.get("keys")
    places = keys if isinstance(keys, dict) else {}
    if isinstance(places.get("key"), str):
        what = check_reference(places["key"], of_keyring=False)
        if what:
            yield Problem(("keys", "key"), what)
    for path, action in _actions(draft):
        own = getattr(action, "key", None) or draft.releases[str(path[1])].raw.get("key")
        if action.keyed and keys is None and own is None and not key_given:
            said = "keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
            yield Problem(path, f"{action.name} needs a key; add to the policy: {said}")
        if action.keyed and isinstance(own, str) and own.startswith("keyring:") and "keyring" not in places:
            yield Problem(path, "its key is one of a keyring; add to the policy: keys: {keyring: PATH}")


def _signing(draft: Draft) -> Iterator[Problem]:
    keys = draft.raw.get("keys")
    if draft.raw.get("sign") == "keyring" and not (isinstance(keys, dict) and "keyring" in keys):
        what = "labels are signed with a key of a keyring; add to the policy: keys: {keyring: PATH}"
        yield Problem(("sign",), f"{what}, and to the keyring a signing key: beam-deid keys create PATH --sign")


def _register(draft: Draft) -> Iterator[Problem]:
    record = draft.raw.get("record")
    if isinstance(record, str) and record not in draft.fields:
        yield Problem(("record",), _no_field(record, draft))
    place = draft.raw.get("register")
    keys = draft.raw.get("keys")
    key = place.get("key") if isinstance(place, dict) else None
    if isinstance(key, str) and key.startswith("keyring:") and not (isinstance(keys, dict) and "keyring" in keys):
        yield Problem(("register", "key"), "its key is one of a keyring; add to the policy: keys: {keyring: PATH}")
    if isinstance(place, dict) and place.get("path") == NO_REGISTER and key is not None:
        yield Problem(("register", "key"), "there is no register, so it has no key; leave this out")


def _kinds(draft: Draft) -> Iterator[Problem]:
    for field in draft.fields:
        for release, wanted, other, first in _at_odds(draft, field):
            what = f"this reads the field as {wanted}, and release {bare(other)} as {first}"
            yield Problem(("releases", release, "fields", field), f"{what}; declare its kind under fields")


def _at_odds(draft: Draft, field: str) -> list[tuple[str, Kind, str, Kind]]:
    """Releases that read a field of no declared kind otherwise than the first: (it, its kind, first, its kind)."""
    spec = draft.fields[field]
    if spec is None or spec.kind is not None:
        return []
    wanted = [(name, action.wants) for name, action in draft.actions_on(field) if action.wants is not None]
    return [(name, kind, *wanted[0]) for name, kind in wanted if kind is not wanted[0][1]]


def _checked(action: Action, target: Target) -> str | None:
    try:
        return action.check(target)
    except DeidError as error:
        return error.message


def _released(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    path: Path = ("releases", release.name, "fields")
    for field in release.actions:
        if field not in draft.fields:
            yield Problem((*path, field), _no_field(field, draft))
    known = list(release.actions.values())
    if known and all(action is not None and action.name == "drop" for action in known):
        yield Problem(path, "this release gives nothing out; name a field that it keeps or changes")


def _options(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field, action in release.actions.items():
        target = draft.target(release.name, field)
        if action is None or target is None:
            continue
        path: Path = ("releases", release.name, "fields", field)
        what = None if _at_odds(draft, field) else _checked(action, target)
        if what:
            yield Problem((*path, action.name), what)
        if action.name == "shift" and draft.raw.get("subject") in (None, EACH_RECORD):
            yield Problem(path, "shift moves all dates of one subject alike; add subject: FIELD to the policy")


def _required(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for measure in (name for name, option in options().items() if option.by_field):
        for field in release.named("require", measure):
            path: Path = ("releases", release.name, "require", measure, field)
            spec = draft.fields.get(field)
            if field not in draft.fields:
                yield Problem(path, _no_field(field, draft))
            elif spec is not None and not spec.has(Role.SENSITIVE):
                yield Problem(path, f"{bare(field)} is not sensitive; give it the role sensitive, or leave this out")
            elif _how(draft, release, field) is Recoverability.REMOVED:
                yield Problem(path, f"this release does not give {bare(field)} out; leave this out")


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


def _weighed(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field in release.named("search", "weights"):
        path: Path = ("releases", release.name, "search", "weights", field)
        action = release.actions.get(field)
        if field not in draft.fields:
            yield Problem(path, _no_field(field, draft))
        elif field not in release.actions or (action is not None and action.name != "generalize"):
            yield Problem(
                path, f"{bare(field)} is not generalized by this release, so its level is not searched; leave this out"
            )


def _history(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    fields = release.raw.get("history")
    for number, field in enumerate(fields if isinstance(fields, list) else []):
        path: Path = ("releases", release.name, "history", number)
        if field not in draft.fields:
            yield Problem(path, _no_field(field, draft))
        elif _how(draft, release, field) in (Recoverability.REMOVED, Recoverability.KEYED):
            yield Problem(path, f"this release does not give {bare(str(field))} out, or only under a key; leave it out")


def _distances(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field, asked in release.named("require", "t").items():
        path: Path = ("releases", release.name, "require", "t", field)
        distance = asked.get("distance") if isinstance(asked, dict) else None
        action = release.actions.get(field)
        if distance == "ordered" and _near(draft, field, "1d") and _near(draft, field, 1.0):
            yield Problem(path, f"values of {bare(field)} have no order; declare its kind, or leave distance out")
        if distance == "hierarchical" and action is not None and action.name != "keep":
            yield Problem(path, f"{bare(field)} must be kept as it is, so that its values stand in the hierarchy")


def _known(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for name, attacker in release.named("attackers").items():
        path: Path = ("releases", release.name, "attackers", name)
        if not name.strip():
            yield Problem(path, "an attacker must have a name")
        knows = attacker.get("knows") if isinstance(attacker, dict) else None
        fields = [field for field in knows if isinstance(field, str)] if isinstance(knows, list) else []
        for number, field in enumerate(knows if fields and isinstance(knows, list) else []):
            if isinstance(field, str) and field not in draft.fields:
                yield Problem((*path, "knows", number), _no_field(field, draft))
            elif field in fields[:number]:
                yield Problem((*path, "knows", number), f"{bare(str(field))} is named twice; leave one")
        within = attacker.get("within") if isinstance(attacker, dict) else None
        for field, distance in (within if isinstance(within, dict) else {}).items():
            what = (
                _near(draft, field, distance)
                if field in fields
                else "the attacker does not know this field; name it in knows"
            )
            if what:
                yield Problem((*path, "within", field), what)
        closed = {Recoverability.REMOVED, Recoverability.KEYED}
        if fields and all(_how(draft, release, field) in closed for field in fields):
            what = "nothing to join on: this release gives none of these fields out, or only under a key"
            yield Problem((*path, "knows"), f"{what}; name a field that it gives out")


def _frequencies(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    for field in release.named("frequencies"):
        path: Path = ("releases", release.name, "frequencies", field)
        how = _how(draft, release, field)
        action = release.actions.get(field)
        if field not in draft.fields:
            yield Problem(path, _no_field(field, draft))
        elif how is not None and how not in (Recoverability.KEYED, Recoverability.KEY_DESTROYED):
            yield Problem(path, f"this release gives no tokens of {bare(field)} out; leave this out")
        elif action is not None and (action.beside is Beside.PLACE or action.name == "shift"):
            yield Problem(
                path,
                f"equal values of {bare(field)} have different tokens, so frequencies tell nothing; leave this out",
            )


def _near(draft: Draft, field: str, distance: Any) -> str | None:
    """Why values of a field cannot be near each other so; None if they can, or where only the data will tell."""
    spec = draft.fields.get(field)
    kind = None if spec is None else spec.kind or next((a.wants for _, a in draft.actions_on(field) if a.wants), None)
    if kind is None:
        return None
    if not (kind.is_time or kind.is_number):
        return f"{bare(field)} is of kind {kind}; only numbers, dates and times can be near each other"
    if isinstance(distance, str) is not kind.is_time:
        return f"{bare(field)} is of kind {kind}; write " + (
            "2d, 12h or so" if kind.is_time else "a number without a unit"
        )
    return None


def _how(draft: Draft, release: DraftRelease, field: str) -> Recoverability | None:
    """How the release gives the field out; None where that cannot be told."""
    action = release.actions.get(field)
    target = draft.target(release.name, field)
    if field not in release.actions:
        return Recoverability.REMOVED if field in draft.fields else None
    return None if action is None or target is None else action.recoverability(target)


def _actions(draft: Draft) -> Iterator[tuple[Path, Action]]:
    for name, release in draft.releases.items():
        for field, action in release.actions.items():
            if action is not None:
                yield ("releases", name, "fields", field), action


def _no_field(name: Any, draft: Draft) -> str:
    hint = advice(name, draft.fields)
    return f"no field is called {shown(name)}; {hint or 'add it under fields, or name one that is there'}"
