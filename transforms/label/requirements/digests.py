"""Line 2: unkeyed and unexplained digests."""

from beam_deid.transforms.label.requirements.foreign import Foreign
from beam_deid.transforms.label.requirements.requirement import Default


class Digests(Foreign):
    """Digests that nobody explains: without a key they are brute-forced, and what is not broken yet is not safe."""

    name = attack = "digests"
    default = Default.always(0, "ours; Art. 29 WP 216 on hashing without a key")
    words = "released columns of unkeyed or unexplained digests"
    remedy = "Leave the column out. Whoever knows how it was made can try all values; a digest is no protection."
    sentence = "columns of digests that are unkeyed or of unknown making"
