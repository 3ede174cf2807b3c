"""Numbers of resident identity cards."""

from beam_deid.transforms.recognisers import id_card
from beam_deid.transforms.recognisers.kinds.kind import Kind

ID_CARD = Kind(
    "id_card",
    identifies=True,
    grouped=True,
    recogniser=id_card.ID_CARD,
    checked=True,
    mask="id_card",
    fpe="id_card",
)
