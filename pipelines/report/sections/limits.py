"""What a label does not say."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.pipelines.report.sections.attribute_sets import knowing_all
from beam_deid.transforms.label.documents import SIGNATURE
from beam_deid.transforms.label.scope import EACH_RECORD


def limits(label: Mapping[str, Any]) -> Iterator[str]:
    """What the tests of a label do not cover, a sentence each.

    Args:
        label: The content of ``label.json``.
    """
    yield "Likeness of meaning: sensitive values that differ may still say the same, as two medicines for one illness do."
    known = knowing_all(label)
    if known is not None:
        yield known
    yield "Membership: whether it can be told that somebody is in the data at all."
    yield _tables(label)
    yield _releases(label.get("register") or {})
    yield _persons(label.get("asked") or {})
    yield "Roles that are wrong: which columns name persons, are known to others or are sensitive is what the policy says."
    if label.get("assessed_at"):
        yield f"What has become known since {label['assessed_at'][:10]}: it speaks as of that day."
    if label.get(SIGNATURE) is None:
        yield "Its origin: it bears no signature, so that nothing proves who made it."
    else:
        yield "Whose key signed it: beam-deid verify shows that the signature fits, but whose key it is you must know yourself."


def _tables(label: Mapping[str, Any]) -> str:
    attackers = label.get("attackers") or {}
    if attackers:
        return (
            f"Tables that nobody declared: only what the policy says of attackers was tried ({', '.join(attackers)})."
        )
    return "Tables that nobody declared: the policy names no attacker, so that no other data was tried against it."


def _releases(register: Mapping[str, Any]) -> str:
    if register.get("kept"):
        return "Releases that the register does not know, such as those given out without it."
    return "Other releases of the same records: no register is kept, so that nothing remembers what was given out."


def _persons(asked: Mapping[str, Any]) -> str:
    subject = asked.get("subject")
    if subject is None:
        return "Whom the records are about: nobody says so, and persons cannot be counted."
    if subject == EACH_RECORD:
        return "Persons with several records: each record counts as one person, as the policy says."
    return f"Persons with several values of {subject}: by it persons are counted."
