"""The consent that a release needs."""

from collections.abc import Iterator

import pyarrow as pa
from pydantic import ValidationError

from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.policy.consent import Consent
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.field_spec import kind_of
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.yaml_nodes import Path, Problem
from beam_deid.transforms.recognisers.identity import names_one_person
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.recognisers.kinds.kind import Kind


def consent_problems(draft: Draft, release: DraftRelease, key_given: bool) -> Iterator[Problem]:
    """Fields that do not exist or name nobody, ages that no field tells, and keys that nobody has."""
    written = release.raw.get("consent")
    try:
        consent = None if written is None else Consent.model_validate(written)
    except ValidationError:
        return  # the shape is told of elsewhere
    if consent is None:
        return
    path: Path = ("releases", release.name, "consent")
    yield from _person(draft, path, consent)
    yield from _born(draft, path, consent)
    own = getattr(consent.keyed, "key", None) or release.raw.get("key")
    if consent.keyed is not None and draft.raw.get("keys") is None and not key_given and own is None:
        said = "keys: {keyring: PATH} or keys: {key: 'env:NAME'}"
        yield Problem((*path, "keyed"), f"{consent.keyed.name} needs a key; add to the policy: {said}")


def _person(draft: Draft, path: Path, consent: Consent) -> Iterator[Problem]:
    subject = draft.raw.get("subject")
    if consent.field is None:
        if subject in (None, EACH_RECORD):
            what = "consent is a person's; say whose by consent.field, or add subject: FIELD to the policy"
            yield Problem(path, what)
        return
    if consent.field not in draft.fields:
        yield Problem((*path, "field"), draft.no_field(consent.field))
    elif not names_one_person(_kind(draft, consent.field)):
        what = f"a value of {bare(consent.field)} belongs to many people; name a field that tells who somebody is"
        yield Problem((*path, "field"), what)


def _born(draft: Draft, path: Path, consent: Consent) -> Iterator[Problem]:
    if consent.born is None:
        return
    if consent.born not in draft.fields:
        yield Problem((*path, "born"), draft.no_field(consent.born))
        return
    kind = _kind(draft, consent.born)
    if kind is not ID_CARD and not (kind is not None and pa.types.is_temporal(kind.arrow)):
        what = f"{bare(consent.born)} tells no age; name a field of kind date or id_card"
        yield Problem((*path, "born"), what)


def _kind(draft: Draft, field: str) -> Kind | None:
    spec = draft.fields[field]
    return None if spec is None else kind_of(spec, (action for _, action in draft.actions_on(field)))
