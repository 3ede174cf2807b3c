"""E-mail addresses."""

from beam_deid.transforms.recognisers import email_address
from beam_deid.transforms.recognisers.kinds.kind import ColumnName, Kind, Where

EMAIL = Kind(
    "email",
    identifies=True,
    recogniser=email_address.EMAIL,
    mask="email",
    surrogate="email",
    column=ColumnName("e_?mails?|mail", "邮箱|电子邮件", "an e-mail address", Where.TEXT),
)
