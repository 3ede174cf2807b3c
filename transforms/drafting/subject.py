"""Whom a record is about: the column that is most likely a stable name of the buyer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.recognisers.column_names import normal
from beam_deid.transforms.recognisers.meaning import CIPHERTEXTS, MASKED

_PERSON = "user|customer|buyer|member|client|patient|household|person|employee|student|subscriber|visitor|guest"
_OF = "(?:de|del|du|l|la|le)_"
_NUMBER_OF = f"(?:n|no|nº|num|numero|id|code|codigo)_(?:{_OF})*"
_BUYERS: tuple[tuple[str, str], ...] = (
    (r"buyer_open_?uid|(?:doudian_)?open_?id(?:_buyer)?|buyer_open_?id|openid", "the platform's name for the buyer"),
    (r"ouid|union_?id|xid_buyer|pin|pin_buyer", "the platform's name for the buyer"),
    (rf"(?:{_PERSON})_(?:unique_)(?:id|key|no|code)", "numbers people, each once"),
    (rf"(?:{_PERSON})_?(?:id|key|no|code|num|number|uid)|uid|user", "numbers people"),
    (rf"kunden_?(?:nummer|nr|id)|(?:{_NUMBER_OF})(?:client|cliente)", "numbers people"),
    (r"(?:会员|客户|用户|顾客|买家|下单)(?:编?号|编码|id|[账帐]号)|买家会员名|会员名", "numbers or names people"),
    (rf"{_PERSON}|account|(?:user|member|account)_?name", "numbers or names people"),
    (
        r"(?:\w+_)?e_?mail(?:_?(?:address|adresse))?|(?:\w+_)?(?:courriel|correo(?:_electronico)?)|邮箱",
        "the same as long as a buyer keeps it",
    ),
    (
        r"(?:\w+_)?(?:mobile|phone|tel|telefon|telefono|telephone|handy|movil)(?:_?(?:number|nummer|no|nr))?|\w*手机号?码?",
        "the same as long as a buyer keeps it",
    ),
)
_NAMED = rf"(?:{_PERSON})(?:_?name)?|(?:kunden|kae?ufer)_?name|(?:nom|nombre)_(?:{_OF})*(?:client|acheteur|cliente|comprador)"
_NAMES = ((_NAMED, "names people"),)
"""Behind everything that one person alone has: many are called alike."""
_NAME_IN_PLACE = (
    "people of one name count as one person, and one who is called differently as several; is there a buyer's id, e-mail "
    "address or telephone elsewhere?"
)
_NUMBERED = 7
"""How many of these name or number people: what is empty where somebody gave no e-mail says nothing of the others."""

_ADDRESSES = ((r"open_?address_?id|address_?id|hash_code", "the platform's number of an address"),)
_IN_PLACE = "no column names the buyers, and their address stands for them; is there a buyer's id elsewhere?"
_ORDERS = (
    (
        r"(?:main_|parent_)?(?:order|trade|basket|invoice|receipt|transaction|ticket|cart)s?_?(?:id|no|sn|number|num|code|key)?|tid|"
        r"(?:主?订单|交易)(?:编?号|id)|id",
        "the number of an order",
    ),
    (
        rf"(?:bestell|auftrags)_?(?:nummer|nr|id)|(?:{_NUMBER_OF})(?:commande|pedido)",
        "the number of an order",
    ),
)
_ORDER_IN_PLACE = (
    "no column names the buyers, and each order counts as a person of its own; is there a buyer's id elsewhere?"
)
_TODO = {
    why: todo
    for listed, todo in ((_NAMES, _NAME_IN_PLACE), (_ADDRESSES, _IN_PLACE), (_ORDERS, _ORDER_IN_PLACE))
    for _, why in listed
}
_NOBODY = (
    "subject: FIELD. No column names or numbers people, so nobody can be counted, and no label is better than still_personal. "
    "Where every record is one person, and nobody has two, say so:"
)
_EMPTY = 0.05
_OFTEN_EMPTY = 0.5
_FEW_PEOPLE = 2
_HIDDEN = 0.5
_HALF = 0.5


@dataclass(frozen=True)
class Subject:
    """Whom a record is about.

    Attributes:
        field: The column; None where no column tells.
        reason: Why this one.
        todo: What a person must decide; empty where nothing is open.
    """

    field: str | None
    reason: str
    todo: str = ""


def propose_subject(columns: Sequence[Facts]) -> Subject:
    """The column to name as the subject.

    A column counts whose name says that it names buyers, that is (nearly) never empty, and whose values are neither masked nor
    encrypted: what differs from order to order makes classes look larger than they are, and what many share smaller. Without
    such a column one that is empty up to half of the time, and a person decides; else the address stands for who lives there,
    or the order for its buyer, so that at least the rows of one order count once.
    """
    known = (*_BUYERS, *_NAMES)
    often_empty = (*_BUYERS[:_NUMBERED], *_NAMES)
    for listed, empty in ((known, _EMPTY), (often_empty, _OFTEN_EMPTY), ((*_ADDRESSES, *_ORDERS), _EMPTY)):
        for pattern, why in listed:
            facts = next((one for one in columns if _fits(one, pattern) and _is_stable(one, empty)), None)
            if facts is not None:
                many = f"{facts.distinct:,} of them in {facts.values:,} records of the sample"
                todo = _TODO.get(why, "") if empty < _OFTEN_EMPTY else _often_empty(facts)
                return Subject(facts.name, f"{why}; {many}", todo)
    return Subject(None, "no column names or numbers people", _NOBODY)


def _fits(facts: Facts, pattern: str) -> bool:
    return _is_called(facts, pattern) and (pattern == _NAMED or not _are_names(facts))


def _is_called(facts: Facts, pattern: str) -> bool:
    last = normal(facts.name.rpartition(".")[2] or facts.name)
    return any(re.fullmatch(f"_(?:{pattern})_", one) for one in (last, normal(facts.name)))


def _are_names(facts: Facts) -> bool:
    """Whether a column that is called after people, such as ``customer``, holds their names and not what numbers them."""
    return facts.is_text and facts.numbered < _HALF and _is_called(facts, _PERSON)


def _is_stable(facts: Facts, empty: float) -> bool:
    hidden = sum(facts.found.forms[form] for form in (*CIPHERTEXTS, *MASKED))
    plain = hidden * 2 < facts.values and facts.starred < _HIDDEN
    return facts.distinct > _FEW_PEOPLE and facts.values >= (1 - empty) * facts.rows and plain


def _often_empty(facts: Facts) -> str:
    share = 1 - facts.values / facts.rows
    return (
        f"{share:.1%} of the records have none, and count nobody: they are suppressed unless others are like them. Are these "
        "guests, or is there another column that names everybody?"
    )
