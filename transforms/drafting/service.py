"""A second release, with which a shop serves its own customers: still personal, with tokens and masks instead of names."""

from collections.abc import Iterable, Sequence

from beam_deid.transforms.drafting.hierarchies import Action
from beam_deid.transforms.drafting.judging import Judged
from beam_deid.transforms.drafting.release import DraftedRelease
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME

CUSTOMER_DOMAIN = "customer"
ORDER_DOMAIN = "order"


def serve(columns: Sequence[Judged], subject: str | None, analytics: DraftedRelease) -> dict[str, Action]:
    """What a shop's own service may see of its orders, by field; nothing where no column names or numbers people or orders.

    The subject and the order's number as tokens, which the key turns back; the name and the e-mail masked; the mobile as another
    one, or masked where some could not be encrypted; and of what the first release coarsens the values as they are, but for
    addresses.

    Args:
        columns: All columns.
        subject: The subject.
        analytics: The first release.
    """
    order = next((one for one in columns if one.kind is ORDER_NUMBER and one.facts.values), None)
    name = next((one for one in columns if one.kind is PERSON_NAME and one.facts.values), None)
    mobile = next((one for one in columns if one.kind is MOBILE and one.facts.values), None)
    email = next((one for one in columns if one.kind is EMAIL and one.facts.values and not one.facts.starred), None)
    chosen: dict[str, Action] = {}
    if name is not None:
        chosen[name.name] = {"mask": {"keep_first": 1}}
    if mobile is not None:
        chosen[mobile.name] = _of_mobile(mobile)
    if email is not None:
        chosen[email.name] = {"mask": {"preset": "email"}}
    if order is not None:
        chosen[order.name] = {"tokenize": {"domain": ORDER_DOMAIN}}
    if subject is not None and (order is None or order.name != subject):
        chosen[subject] = {"tokenize": {"domain": CUSTOMER_DOMAIN}}
    if not chosen or analytics.empty:
        return {}
    kept = _as_they_are(columns, analytics)
    return {one.name: chosen.get(one.name, "keep") for one in columns if one.name in chosen or one.name in kept}


def _of_mobile(mobile: Judged) -> Action:
    """Another number that looks like one, if every value can be encrypted so; else the last digits of what is there."""
    every = mobile.facts.valid.get(MOBILE, 0.0) == 1
    return {"fpe": {"domain": str(MOBILE)}} if every else {"mask": {"keep_last": 4}}


def _as_they_are(columns: Iterable[Judged], analytics: DraftedRelease) -> set[str]:
    return {one.name for one in columns if one.name in analytics.fields and one.kind is not ADDRESS}
