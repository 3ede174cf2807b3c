"""Words of labels and policies in plain words, the same wherever they are told."""

from collections.abc import Mapping, Sequence
from typing import Any

from beam_deid.pipelines.language.bilingual import Bilingual
from beam_deid.pipelines.report.blocks import Verbatim
from beam_deid.transforms.recognisers.categories.category import article, categories
from beam_deid.transforms.terms import ForRecipientName, LabelName, Recoverability, RecipientRole, Role, Sharing

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


def sensitive_by(name: str | None) -> str:
    """The article by which a category is sensitive, or a dash."""
    return Verbatim(article(name) if name in categories() else "") or Verbatim("–")


def number(value: int | float | None) -> Verbatim:
    """A figure: thousands separated, shares and risks with four digits; a dash where it is not known."""
    if value is None:
        return Verbatim("–")
    return Verbatim(f"{value:,}" if isinstance(value, int) else f"{value:.4g}")
