"""Whom the records of a source are about, by every identity that it holds, as an attacker reads them."""

import re
import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Codes = npt.NDArray[np.int64]

NAMES_NOBODY = {
    "person_name",
    "address",
    "free_text",
    "invoice_title",
    "credit_code",
    "division",
    "date",
    "timestamp",
    "boolean",
}
"""Kinds of direct identifiers of which one value is not one person. All others count, and the least count decides."""

PERSONAL = {
    "person_name",
    "mobile",
    "landline",
    "privacy_number",
    "order_number",
    "tracking_number",
    "address",
    "passport",
    "id_card",
    "bank_card",
    "email",
    "wechat",
    "plate",
    "free_text",
    "platform_id",
    "platform_ciphertext",
}
"""Kinds that name a person, or hold what does, and override a role."""

CROWD = 100
HIDDEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
CIPHER = re.compile(r"[~$#\x01].{19,}|AA[QRST][A-Za-z0-9+/=]{60,}|[0-9a-f]{70}", re.S)
"""Ciphertext and indices of platforms."""


def roles(field: dict[str, Any]) -> set[str]:
    """The roles of a field; a kind that names a person makes it a direct identifier."""
    given = field["role"] if isinstance(field["role"], list) else [field["role"]]
    return {"direct_identifier"} if field.get("kind") in PERSONAL else set(given)


def canonical(text: str, kind: str | None) -> str | None:
    """One spelling of an identity; None where it names nobody because it came masked or as ciphertext."""
    if kind not in ("email", "platform_id") and CIPHER.fullmatch(text.strip()):
        return None
    text = HIDDEN.sub("", unicodedata.normalize("NFKC", text)).casefold().strip()
    if not text or "*" in text:
        return None
    bare = re.sub(r"[\s\-().]", "", text)
    mobile = re.fullmatch(r"(?:\+|00)?(?:86)?(1[3-9]\d{9})", bare)
    if mobile and kind in (None, "mobile"):
        return mobile[1]
    if kind in ("mobile", "id_card", "bank_card", "passport"):
        return re.sub(r"\.0+$", "", text) if re.fullmatch(r"\d+\.0+", text) else bare
    whole = re.fullmatch(r"([+-]?\d+)\.0+", text)
    return whole[1] if whole else re.sub(r"\s+", " ", text)


def _canonical_column(column: pa.ChunkedArray, kind: str | None) -> pd.Series:
    values = column.to_pandas().astype(object)
    if pa.types.is_floating(column.type):
        values = values.map(lambda value: None if value != value else spelt_float(value), na_action="ignore")
    known = {value: canonical(str(value), kind) for value in values.dropna().unique()}
    return values.map(known).astype(object).where(values.notna(), None)


def spelt_float(value: float) -> str:
    """A float as text, whole ones as integers."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def identities(source: pa.Table, policy: dict[str, Any]) -> dict[str, Codes] | None:
    """For each identity the person of each record, -1 where a record counts nobody; None without a subject.

    Arrays are int64 of shape (n,). The subject comes first.
    """
    subject = policy.get("subject")
    fields = policy["fields"]
    if subject is None:
        return None
    if subject == "each_record" and "each_record" not in fields:
        who = pd.Series(np.arange(source.num_rows).astype(str), dtype=object)
    else:
        who = _canonical_column(source.column(subject), fields[subject].get("kind"))
    found = {"subject": _codes(who)}
    for name, field in fields.items():
        if name == subject or name not in source.column_names or "direct_identifier" not in roles(field):
            continue
        if field.get("kind") not in NAMES_NOBODY and not pa.types.is_nested(source.column(name).type):
            found[name] = _codes(_filled(_canonical_column(source.column(name), field.get("kind")), who))
    return found


def _filled(values: pd.Series, who: pd.Series) -> pd.Series:
    """An identity with its nulls as the subject's only value, else as the subject; a crowd's value names nobody."""
    pairs = pd.DataFrame({"value": values, "who": who}).dropna().drop_duplicates()
    many = pairs.groupby("value").size()
    crowd = set(many.index[many > CROWD])
    values = values.where(~values.isin(crowd), None)
    pairs = pairs[~pairs["value"].isin(crowd)]
    one = pairs.groupby("who")["value"].agg(["size", "first"])
    only = one.loc[one["size"] == 1, "first"].to_dict()
    people = who.dropna().unique()
    stands = who.map({person: f"value:{only[person]}" if person in only else f"subject:{person}" for person in people})
    own = values.map({value: f"value:{value}" for value in values.dropna().unique()})
    return own.astype(object).where(values.notna(), stands.astype(object).where(who.notna(), None))


def _codes(values: pd.Series) -> Codes:
    return np.asarray(pd.factorize(values)[0], np.int64)
