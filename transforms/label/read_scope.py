"""What a published label is about, read from its ``label.json``."""

from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.label.environment import DeclaredEnvironment
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.requirements import Options
from beam_deid.transforms.label.scope import FilterFacts, Knowledge, NotRead, Scope, Sibling
from beam_deid.transforms.recognisers.kinds import kind_named
from beam_deid.transforms.terms import Recoverability, Role, Sharing


def read_scope(label: Mapping[str, Any]) -> Scope:
    """Read what a label is about.

    Args:
        label: The content of ``label.json``.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: The document is no label of this version.
    """
    asked = label["asked"]
    return Scope(
        release=label["release"],
        sharing=Sharing(label["sharing"]),
        fields={name: _field(facts) for name, facts in label["fields"].items()},
        subject=asked["subject"],
        identities=tuple(asked["identities"]),
        asked=Options.model_validate(asked["asked"]),
        attackers={name: _knowledge(one) for name, one in asked["attackers"].items()},
        siblings={name: _sibling(one) for name, one in asked["siblings"].items()},
        linked=asked["linked"],
        environment=DeclaredEnvironment.from_document(asked["environment"]),
        register=asked.get("register"),
        ignored=_ignored(asked["ignored"]) if "ignored" in asked else NotRead(),
        row_filter={name: _filter(one) for name, one in asked.get("row_filter", {}).items()},
        assessed_at=label.get("assessed_at", ""),  # labels of earlier versions do not say
        apart=tuple(asked.get("apart", ())),
    )


def _field(document: Mapping[str, Any]) -> FieldFacts:
    """How a field is released. A word that is none of ours would count as one that says nothing, so it is refused."""
    facts = FieldFacts.from_document(document)
    if facts.kind is not None:
        kind_named(facts.kind)
    for role in facts.role:
        Role(role)
    Recoverability(facts.recoverability)
    return facts


def _filter(document: Mapping[str, Any]) -> FilterFacts:
    for role in document["role"]:
        Role(role)
    return FilterFacts(tuple(document["role"]), bool(document["names_a_person"]))


def _knowledge(document: Mapping[str, Any]) -> Knowledge:
    return Knowledge(tuple(document["known"]), document["table"])


def _ignored(document: Mapping[str, Any]) -> NotRead:
    columns = document["columns"]
    return NotRead(tuple(document["patterns"]), None if columns is None else tuple(columns), document["unnamed"])


def _sibling(document: Mapping[str, Any]) -> Sibling:
    return Sibling(
        shared=tuple(document["shared"]),
        sensitive=tuple(document["sensitive"]),
        k=document["k"],
        l=dict(document["l"]),
        left_out=tuple(document["left_out"]),
    )
