"""Which language a call is answered in."""

from collections.abc import Mapping, Sequence

ENGLISH = "en"
CHINESE = "zh"
LANGUAGES = (ENGLISH, CHINESE)
PAGE_LANGUAGES = (CHINESE, ENGLISH)
"""The languages of a page that speaks all of them; the first is shown first."""
BOTH = "both"
"""What ``--lang`` says where pages are written that speak all of them: then it says nothing of the call."""
VARIABLE = "BEAM_DEID_LANG"
"""The variable that names the language of all calls, whatever the system's is."""

_SYSTEM = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # in the order of gettext
_OPTION = "--lang"


def chosen(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language of a call: the option, else the variable, else the system's, else English.

    It is known before the arguments are parsed, so that what is wrong with them is said in it, too.

    Args:
        arguments: The call's arguments.
        environment: The variables of the process.
    """
    for asked in (_option(arguments), environment.get(VARIABLE, "")):
        if asked and asked != BOTH:
            return _known([asked])
    system = next((environment[name] for name in _SYSTEM if environment.get(name)), "")
    return _known(system.split(":"))


def _option(arguments: Sequence[str]) -> str:
    """What ``--lang`` says; the last one counts, and none behind ``--`` is ours."""
    asked = ""
    for number, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith(f"{_OPTION}="):
            asked = argument.partition("=")[2]
        elif argument == _OPTION and number + 1 < len(arguments):
            asked = arguments[number + 1]
    return asked


def _known(names: Sequence[str]) -> str:
    """The first of the languages that is spoken here, as ``zh`` of ``zh_CN.UTF-8``; English if none is."""
    spoken = (name.lower()[:2] for name in names)
    return next((name for name in spoken if name in LANGUAGES), ENGLISH)
