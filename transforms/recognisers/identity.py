"""STUB."""
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.kinds import to_kind
from beam_deid.transforms.terms import Kind

IDENTIFYING = frozenset({Kind.ORDER_NUMBER, Kind.PERSON_NAME, Kind.MOBILE, Kind.LANDLINE, Kind.ID_CARD, Kind.BANK_CARD, Kind.EMAIL,
    Kind.PLATE, Kind.ADDRESS, Kind.FREE_TEXT, Kind.PRIVACY_NUMBER, Kind.PASSPORT, Kind.CREDIT_CODE, Kind.INVOICE_TITLE,
    Kind.WECHAT, Kind.PLATFORM_ID, Kind.PLATFORM_CIPHERTEXT, Kind.TRACKING_NUMBER})
def names_one_person(kind): return kind not in (Kind.PERSON_NAME, Kind.ADDRESS, Kind.FREE_TEXT, Kind.INVOICE_TITLE, Kind.CREDIT_CODE, Kind.DIVISION, Kind.DATE, Kind.TIMESTAMP, Kind.BOOLEAN)
def identity_text(column, kind):
    t = to_kind(column, Kind.TEXT)[0]
    if isinstance(t, pa.DictionaryArray): t = t.dictionary_decode()
    t = pc.utf8_lower(pc.replace_substring_regex(pc.utf8_normalize(t, form="NFKC"), r"[\s\-]", ""))
    t = pc.replace_substring_regex(t, r"^(\+|00)?86(1[3-9]\d{9})$", r"\2")
    return pc.if_else(pc.or_(pc.equal(t, ""), pc.match_substring(t, "*")), None, t)
