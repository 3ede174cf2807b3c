"""``configs/categories/*.yaml``: the categories of personal information, and which of them the law calls sensitive."""

import datetime
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Option

from beam_deid.transforms.errors import UsageError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast
_FILE = "pipl.yaml"


class Section(BaseModel):
    """A part of such a file: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Category(Section):
    """One category of personal information.

    Attributes:
        title: Its name for a person.
        chinese: What the law or the standard calls it.
        group: The group of GB/T 35273-2020, Annex A, that it belongs to.
        sensitive: The article by which it is sensitive; empty where it is general personal information.
        source: Where it is from.
        date: When that took effect.
        note: What a reader should know beside.
    """

    title: str = Option(min_length=1)
    chinese: str = Option(min_length=1)
    group: str = Option(min_length=1)
    sensitive: str = ""
    source: str = Option(min_length=1)
    date: datetime.date
    note: str = ""


Document = TypeVar("Document", bound=Section)


class _Categories(Section):
    version: Literal[1]
    categories: dict[str, Category] = Option(min_length=1)


@lru_cache(maxsize=1)
def categories() -> Mapping[str, Category]:
    """All categories by name, in the order of their file.

    Raises:
        UsageError: The file is wrong.
    """
    text = resources.files("beam_deid.configs").joinpath("categories", _FILE).read_text("utf-8")
    return read_document(_Categories, text, _FILE).categories


def article(name: str | None) -> str:
    """The article by which a category is sensitive; empty where it is general, or nobody says a category."""
    return "" if name is None else categories()[name].sensitive


def read_document(model: type[Document], text: str, where: str) -> Document:
    """Read and check a file of data.

    Args:
        model: What it must be.
        text: Its content.
        where: What to call it in messages.

    Raises:
        UsageError: It is not as it must be; the message names every key that is wrong.
    """
    try:
        content: Any = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        raise UsageError("this is no YAML", f"{where}{line}", "Fix the file") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()]
        raise UsageError("; ".join(problems), where, "Fix the file") from None
