"""What a label says of its release that follows from the policy, or from the label itself, without any row."""

from collections.abc import Iterator, Mapping
from typing import Any

from beam_deid.transforms.label.contradictions import contradictions
from beam_deid.transforms.label.decide_again import as_published
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Recoverability

_OF_RELEASES = ("sharing", "subject", "identities", "attackers")
_OF_FIELDS = ("role", "action", "recoverability", "kind", "normalized")


def told_otherwise(label: Mapping[str, Any], scope: Scope) -> Iterator[str]:
    """Where a label does not follow from its own evidence, or says something else than the policy: a sentence each.

    Args:
        label: The content of ``label.json``, well formed.
        scope: What the policy asks of the release.
    """
    yield from contradictions(label)
    wanted = plain(scope)
    told = {**label["asked"], "sharing": label["sharing"]}
    for name in _OF_RELEASES:
        if told[name] != (str(scope.sharing) if name == "sharing" else wanted[name]):
            yield f"{name}: the label says something else than the policy"
    fields = as_published(label)["fields"]
    for field, facts in plain(scope.fields).items():
        for name in _OF_FIELDS:
            if fields[field].get(name) != facts.get(name):
                yield f"{field}: its {name} in the label is not what the policy says"
        if facts["recoverability"] == Recoverability.KEYED and not fields[field].get("key"):
            yield f"{field}: the label does not tell the key that made it"
