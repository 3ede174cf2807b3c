"""E-mail addresses."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers import email_address
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind, Where
from beam_deid.transforms.recognisers.normal import Normal, trimmed


def _spelt(texts: pa.Array) -> pa.Array:
    return pc.utf8_lower(trimmed(texts))


EMAIL = Kind(
    "email",
    category="basic",
    identifies=True,
    normal=Normal("trimmed, in small letters", _spelt),
    recogniser=email_address.EMAIL,
    mask="email",
    surrogate="email",
    column=ColumnName("e_?mails?|mail", "邮箱|电子邮件", "an e-mail address", Where.TEXT),
)
