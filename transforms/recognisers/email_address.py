"""E-mail addresses, also as platforms mask them: ***a*****@163.com."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

EMAIL = Recogniser("email", r"[A-Za-z0-9._%+*-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", {Sign.AT: 1})
