"""Values that a platform encrypted, and can turn back."""

from beam_deid.transforms.recognisers.kinds.kind import Kind

PLATFORM_CIPHERTEXT = Kind(
    "platform_ciphertext",
    category="basic",
    identifies=True,
    of_platforms=True,
)
