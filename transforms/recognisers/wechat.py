"""WeChat and QQ names after a word that announces them (微信, 加V, vx, QQ …)."""

from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

_LATIN = r"(?:[vV][xX]|[wW][xX]|[wW]ei[xX]in|[wW]e[cC]hat)"
_NAME = r"(?:[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9][0-9]{9})"


def _pattern(not_behind_word: str, not_behind_letter: str, no_digit: str) -> str:
    # Right behind a digit only what has a separator counts: letters and digits at random hold a vx now and then.
    return (
        rf"(?:微信|薇信|威信|维信|加[vV]|[vV]信|[薇微][❤❥♥])号?码?[:： ]{{0,3}}{_NAME}"
        rf"|{not_behind_word}{_LATIN}号?[:： ]{{0,3}}{_NAME}"
        rf"|{not_behind_letter}{_LATIN}号?[:： ]{{1,3}}{_NAME}"
        rf"|(?:{not_behind_letter}[qQ]{{2}}|扣扣|企鹅号) ?号?码?[:：是 ]{{0,3}}[1-9][0-9]{{4,10}}{no_digit}"
    )


WECHAT = Recogniser(
    "wechat",
    _pattern(r"(?:\A|[^A-Za-z0-9_-])", r"(?:\A|[^A-Za-z])", r"(?:\z|[^0-9])"),
    {Sign.WORD: 6},
    lookaround=_pattern("(?<![A-Za-z0-9_-])", "(?<![A-Za-z])", "(?![0-9])"),
    links=True,
)
