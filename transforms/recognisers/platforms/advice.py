"""Which role and kind a policy should give a recognised column, and why. Errs towards personal."""

from dataclasses import dataclass

from beam_deid.transforms.recognisers import BY_NAME
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.meaning import CIPHERTEXTS, OF_FORM
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound
from beam_deid.transforms.terms import Recoverability, Role

_SOME = 0.001
"""From this share of its values on a form counts: one number in a thousand messages makes free text of them."""

_MOST = 0.5


@dataclass(frozen=True)
class Advice:
    """What a policy should say of a column.

    Attributes:
        role: Its roles; empty where nothing was recognised and somebody else must decide.
        kind: Its kind, or None.
        recoverability: How far its values can be turned back as they stand: clear, partial, keyed.
        linkable: Whether equal values mean the same person, telephone, address or order.
        reasons: Why, each in a few words without values.
    """

    role: tuple[Role, ...]
    kind: Kind | None
    recoverability: Recoverability
    linkable: bool
    reasons: tuple[str, ...]


def advise(found: ColumnFound) -> Advice:
    """Advice on a column: what its platform's file says, unless its values say worse."""
    role = () if found.spec is None else found.spec.role
    kind = None if found.spec is None else found.spec.kind
    links = found.spec is not None and found.spec.linkable
    how = Recoverability.CLEAR
    reasons = [] if found.spec is None else [f"named {found.name}: {found.spec.says}"]
    for form, count in found.forms.most_common():
        share = count / found.values
        if share < _SOME:
            continue
        reasons.append(f"{share:.1%} of the values are {form.replace('_', ' ')}")
        recogniser = BY_NAME.get(form)
        if recogniser is None:  # a shape of the platform's own: its file has said what it is
            continue
        links |= recogniser.links
        most = share >= _MOST
        if most:
            how = recogniser.recoverability
        if most and (kind is None or form in CIPHERTEXTS):
            kind = OF_FORM.get(form)
        if recogniser.role is Role.DIRECT:
            # What stands in a few values only is text that people wrote.
            role = (Role.DIRECT,)
            kind = kind if most or kind is not None else FREE_TEXT
        elif Role.DIRECT not in role and Role.QUASI not in role:
            role = (Role.QUASI, Role.SENSITIVE) if Role.SENSITIVE in role else (Role.QUASI,)
    reasons += [f"ciphertext of {name}" for name, _ in found.platforms.most_common()]
    return Advice(role, kind, how, links, tuple(reasons))
