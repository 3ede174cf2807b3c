"""E-mail addresses, also as platforms mask them (***a*****@163.com), and those of Chinese domains."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

EMAIL = Recogniser(
    "email",
    r"[A-Za-z0-9._%+*-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|[一-龥A-Za-z0-9._%+-]+@[一-龥A-Za-z0-9-]+\.(?:公司|网络|中国|中文网|网址|在线|手机|商城|集团)",
    {Sign.AT: 1},
    links=True,
)
