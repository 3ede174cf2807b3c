"""Any text: what a field holds where nothing else is known of it."""

from beam_deid.transforms.recognisers.kinds.kind import Kind

TEXT = Kind(
    "text",
    category=None,
)
