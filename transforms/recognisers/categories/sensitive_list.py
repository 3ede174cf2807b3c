"""``configs/sensitive/*.yaml``: lists of terms by which a value is sensitive personal information, whatever its column."""

import datetime
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Literal

from pydantic import Field as Option
from pydantic import model_validator

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.categories.category import Section, article, categories, read_document

OWN_CHOICE = "said to be sensitive by the policy"
"""By what a value is sensitive that is on a list of the policy's own, and whose category the policy does not say."""


class Terms(Section):
    """What makes a value one of a list. All is compared after normalization: NFKC, simplified characters, small letters.

    Attributes:
        terms: What a value contains, whatever stands around it, spaces and punctuation within it passed over.
        words: The same of words in Latin letters, which must stand by themselves.
        whole: What a value says and nothing else.
        exceptions: What is passed over, as it contains a term and means something else.
        recognisers: Recognisers that find such values.
    """

    terms: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = Option((), alias="except")
    recognisers: tuple[str, ...] = ()


class SensitiveList(Terms):
    """A list that comes along.

    Attributes:
        name: Its name in labels; the file's, too.
        title: Its name for a person.
        chinese: The same in Chinese.
        category: The category of what is on it.
        source: Why these terms.
        date: When they were chosen.
    """

    version: Literal[1]
    name: str = Option(pattern="^[a-z][a-z0-9_]*$")
    title: str = Option(min_length=1)
    chinese: str = Option(min_length=1)
    category: str
    source: str = Option(min_length=1)
    date: datetime.date

    @model_validator(mode="after")
    def _known(self) -> "SensitiveList":
        from beam_deid.transforms.recognisers import BY_NAME

        if self.category not in categories() or not article(self.category):
            raise ValueError(f"category: {self.category} is no sensitive category of configs/categories")
        unknown = sorted(set(self.recognisers) - set(BY_NAME))
        if unknown:
            raise ValueError(f"recognisers: nothing is called {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
        if not (self.terms or self.words or self.whole or self.recognisers):
            raise ValueError("terms, words, whole or recognisers: name some")
        return self


@lru_cache(maxsize=1)
def sensitive_lists() -> Mapping[str, SensitiveList]:
    """All lists that come along, by name, in alphabetical order.

    Raises:
        UsageError: A file is wrong.
    """
    folder = resources.files("beam_deid.configs").joinpath("sensitive")
    files = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yaml"))
    found = {}
    for name in files:
        one = read_document(SensitiveList, folder.joinpath(name).read_text("utf-8"), name)
        if f"{one.name}.yaml" != name:
            raise UsageError(f"the list is called {one.name}", name, "Name the file after it")
        found[one.name] = one
    return found
