"""Numbers of resident identity cards."""

from beam_deid.transforms.recognisers import id_card
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.normal import Normal, joined

ID_CARD = Kind(
    "id_card",
    category="identity",
    identifies=True,
    grouped=True,
    normal=Normal(
        "without separators, in ASCII digits and a capital X", joined("[0-9]{17}[0-9X]|[0-9]{15}", upper=True)
    ),
    recogniser=id_card.ID_CARD,
    checked=True,
    mask="id_card",
    fpe="id_card",
)
