"""That what is kept of a request names none of the persons whom it is about."""

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.identity import identity_text

_WORD = re.compile(r"[A-Za-z0-9]+|[^\W_]")
"""Letters and digits without a gap; of a script that has no gaps between words, each character is one."""
_MOST_WORDS = 64
"""Words of the longest piece that is compared, beside the whole."""


def name_nobody(line: str, option: str, policies: Mapping[str, Policy], persons: Mapping[str, Subjects]) -> None:
    """See that a line names none of some persons, alone or among other words: ``customer_u1`` names u1.

    Args:
        line: What is kept, one line of few words.
        option: By which option it was said, for messages.
        policies: The policy of each table, by its name.
        persons: The persons as each table knows them.

    Raises:
        UsageError: It names one; the message does not say whom.
    """
    pieces = pa.array(dict.fromkeys(_pieces(line)), pa.string())
    for table, subjects in persons.items():
        for name, texts in subjects.identities.items():
            spelt = identity_text(pieces, policies[table].kind(name))
            if pc.any(pc.is_in(spelt, value_set=texts), min_count=0).as_py():
                raise UsageError(
                    "this names one of these persons, and it is kept", option, "Name the request, by its number"
                )


def _pieces(line: str) -> Iterator[str]:
    """Every piece of a line that begins and ends with a word, and the line itself."""
    yield line
    words = list(_WORD.finditer(line))
    for number, first in enumerate(words):
        for last in words[number : number + _MOST_WORDS]:
            yield line[first.start() : last.end()]
