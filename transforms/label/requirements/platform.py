"""Line 2: platforms' ciphertexts, indexes and ids."""

from beam_deid.transforms.label.requirements.foreign import Foreign
from beam_deid.transforms.label.requirements.requirement import Default


class Platform(Foreign):
    """Ciphertexts, index strings and ids that a platform turns back for whoever it permits."""

    name = attack = "platform"
    default = Default.always(0, "the platforms' own interfaces: configs/platforms")
    words = "released columns of a platform's ciphertexts, index strings, OAIDs or open ids"
    remedy = "Leave the column out. Nothing less takes from the platform what it can turn back."
    sentence = "columns of what a platform or a carrier can turn back"
