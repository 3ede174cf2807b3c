"""Words of labels and policies in plain words, the same wherever they are told."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.report.blocks import Verbatim
from beam_deid.pipelines.report.sources import source
from beam_deid.transforms.recognisers.categories.category import article, categories
from beam_deid.transforms.terms import ForRecipientName, LabelName, RecipientRole, Recoverability, Role, Sharing

NOT_SAID = "not said"

LABELS: Mapping[str, str] = {
    LabelName.ANONYMIZED: "labelled anonymized: every test that was made holds",
    LabelName.STILL_PERSONAL: "still personal information",
}
ROLES: Mapping[str, str] = {
    Role.DIRECT: "direct identifier",
    Role.QUASI: "quasi-identifier: identifies together with others",
    Role.SENSITIVE: "sensitive information",
    Role.INSENSITIVE: "says nothing of a person by itself",
}
RECOVERABILITIES: Mapping[str, str] = {
    Recoverability.REMOVED: "not there any more",
    Recoverability.IRREVERSIBLE: "cannot be turned back",
    Recoverability.GENERALIZED: "coarser than it was, for good",
    Recoverability.PARTIAL: "hidden in part, what is left is as it was",
    Recoverability.KEYED: "can be turned back by whoever has the key",
    Recoverability.KEY_DESTROYED: "the key that turned it back was destroyed",
    Recoverability.CLEAR: "as it was collected",
}
SHARINGS: Mapping[str, str] = {
    Sharing.PUBLIC: "public: anybody may have it",
    Sharing.CONTROLLED: "controlled: given to known recipients under conditions",
    Sharing.ENCLAVE: "enclave: used inside an environment that it does not leave",
}
RECIPIENT_ROLES: Mapping[str, str] = {
    RecipientRole.INTERNAL: "a part of whoever gives it",
    RecipientRole.ENTRUSTED: "entrusted processor: works on behalf of whoever gives it (PIPL Art. 21)",
    RecipientRole.OTHER: "another processor, which decides itself what it does with it (PIPL Art. 23)",
    RecipientRole.ABROAD: "outside the mainland of China (PIPL Art. 38)",
}
STATEMENTS: Mapping[str, str] = {
    ForRecipientName.NOT_IDENTIFIABLE: "nobody can be identified in it by the recipient, as far as it was tested",
    ForRecipientName.IDENTIFIABLE: "persons can be identified in it by the recipient",
    ForRecipientName.NOT_ASSESSED: "not assessed: something that it would rest on is not known",
}


def role_words(roles: Sequence[str] | str) -> str:
    """The first of a field's roles in words; a field that is sensitive beside another one is told so by its category."""
    listed = [roles] if isinstance(roles, str) else list(roles)
    if len(listed) == 2 and set(listed) == {Role.QUASI, Role.SENSITIVE}:
        return "quasi-identifier and sensitive information"
    return ROLES.get(listed[0], Verbatim(listed[0])) if listed else NOT_SAID


def said_or_not(value: Any) -> str:
    """What somebody wrote, as it is written; or that nobody says it."""
    return NOT_SAID if value in (None, "") else Verbatim(value)


def category_words(name: str | None) -> str:
    """What a category of personal information is called."""
    known = categories().get(name or "")
    if known is None:
        return "no category is known"
    return Bilingual(known.title, known.chinese)


def sensitive_by(facts: Mapping[str, Any]) -> str:
    """By which article, or by whose word, a field is sensitive; a dash where it is not known to be.

    Args:
        facts: What a label says of the field.
    """
    name = facts.get("category")
    said = article(name) if name in categories() else ""
    if said:
        return source(said)
    return "the policy calls it sensitive" if Role.SENSITIVE in facts["role"] else Verbatim("–")


def moment(time: str | None) -> str:
    """A time as people read it, to the minute; a day as it is; or that nobody says it."""
    if not time:
        return NOT_SAID
    if "T" not in time:
        return Verbatim(time)
    read = datetime.datetime.fromisoformat(time).astimezone(datetime.timezone.utc)
    return Verbatim(f"{read:%Y-%m-%d %H:%M} UTC")


def number(value: int | float | None) -> Verbatim:
    """A figure: thousands separated, shares and risks with four digits; a dash where it is not known."""
    if value is None:
        return Verbatim("–")
    return Verbatim(f"{value:,}" if isinstance(value, int) else f"{value:.4g}")
