"""Virtual numbers with an extension, by which a platform hides a telephone."""

from beam_deid.transforms.recognisers import privacy_number
from beam_deid.transforms.recognisers.kinds.kind import Kind

PRIVACY_NUMBER = Kind(
    "privacy_number",
    category="basic",
    identifies=True,
    grouped=True,
    recogniser=privacy_number.PRIVACY_NUMBER,
    mask="privacy_number",
)
