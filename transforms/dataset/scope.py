"""A dataset as the label rule sees it: a release of which every column is kept as it stands."""

from collections.abc import Sequence

from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.label.evidence import FieldFacts
from beam_deid.transforms.label.scope import EACH_RECORD, Scope
from beam_deid.transforms.policy.model import Environment
from beam_deid.transforms.risk.measures.sharing import environment_risk
from beam_deid.transforms.terms import Recoverability, Role, Sharing


def dataset_scope(question: Question, fields: Sequence[str]) -> Scope:
    """The dataset as a release: every column as it stands.

    Columns that are neither quasi-identifiers nor sensitive are not counted; a label that rests on fewer columns than there are
    cannot be anonymized, and it is not: nobody knows the source, so its order and other releases are not tested.
    """
    setting = Environment().model_dump(exclude={"population"})
    return Scope(
        release="dataset",
        sharing=question.sharing,
        fields=_facts(question, fields),
        subject=question.subject or EACH_RECORD,
        identities=(),
        asked={"k": question.least},
        environment={**setting, "E": environment_risk(question.sharing is Sharing.PUBLIC, **setting)},
    )


def _facts(question: Question, fields: Sequence[str]) -> dict[str, FieldFacts]:
    return {name: FieldFacts(_roles(question, name), "keep", str(_recoverability(question, name))) for name in fields}


def _recoverability(question: Question, name: str) -> Recoverability:
    """In clear, except for tokens that are matched to how often values occur: those are pseudonyms without a key."""
    return Recoverability.KEY_DESTROYED if name in question.frequencies else Recoverability.CLEAR


def _roles(question: Question, name: str) -> tuple[str, ...]:
    named = {Role.DIRECT: question.direct, Role.QUASI: question.quasi, Role.SENSITIVE: question.sensitive}
    roles = tuple(str(role) for role, names in named.items() if name in names)
    if roles:
        return roles
    return (str(Role.DIRECT if name == question.subject else Role.INSENSITIVE),)
