"""E-mail addresses."""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

EMAIL = Recogniser("email", re.compile(r"[A-Za-z0-9._%+*-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), "[@＠]")
