"""``configs/platforms/*.yaml``: one file for each platform, with its fields, ciphertexts and shapes; read once and checked."""

import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic import Field as Option

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.kinds import NamedKind
from beam_deid.transforms.recognisers.platforms.terms import Term
from beam_deid.transforms.terms import Role

Amount = Literal["yuan", "fen"]
Time = Literal["text", "seconds", "milliseconds"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast

UNKNOWN = "unknown"
"""The platform of a ciphertext whose shape is right and whose signature nobody has described."""


class Section(BaseModel):
    """A part of a platform's file: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ciphertext(Section):
    """One way in which a platform writes ciphertext, and how it is told from others.

    What all signs say must hold. A rule without any is asked last.
    """

    separators: str = Option("", description="Any of ~ $ # and the byte 1; none: bare base64 or hexadecimal digits")
    pattern: str = Option("", description="Without separators: the whole value, in RE2")
    starts: str = Option("", description="How the ciphers begin")
    contains: str = Option("", description="What stands in every cipher")
    first_bytes: str = Option("", pattern=r"^([0-9a-f]{2})*$", description="First bytes of the decoded cipher")
    index_bytes: int = Option(0, ge=0, le=16, description="So many first bytes of index and cipher are the same")
    type_at: int | None = Option(None, ge=0, le=11, description="Byte of the decoded cipher that says what is in it")
    types: dict[int, str] = Option(default_factory=dict, description="What is in it, by that byte")
    by_separator: dict[str, str] = Option(default_factory=dict, description="The same by separator")
    by_version: dict[int, str] = Option(default_factory=dict, description="The same by version")
    joined: str = Option("", description="What is in two ciphers joined by &")
    holds: str = Option("", description="What is in it, where nothing else says")
    index_says: str = Option("", description="What the index tells")
    windows: bool = Option(
        False, description="The index has four characters for each two of a name, and so tells its length"
    )

    @model_validator(mode="after")
    def _told(self) -> "Ciphertext":
        if bool(self.separators) == bool(self.pattern):
            raise ValueError("say separators or pattern, one of them")
        if self.pattern:
            _compiled(self.pattern)
        if self.types and self.type_at is None:
            raise ValueError("types needs type_at")
        return self

    @property
    def signed(self) -> bool:
        """Whether anything tells it from another platform's."""
        return bool(self.pattern or self.starts or self.contains or self.first_bytes or self.index_bytes)


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Field(Section):
    """A field of a platform's order, as its API names it; dots lead into nested records.

    Attributes:
        role: Its role or roles in a policy.
        kind: Its kind in a policy.
        forms: What its values look like: recognisers, or `shapes` of the platform; none where nothing personal stands in it.
        says: What it is.
        also: Other names, such as those of exports.
        linkable: Whether equal values mean the same person, address or telephone.
        unit: Of an amount.
        time: Of a time, how it is written.
    """

    role: Annotated[tuple[Role, ...], BeforeValidator(_listed)] = Option(min_length=1)
    kind: NamedKind | None = None
    forms: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    says: str = Option(min_length=1)
    also: tuple[str, ...] = ()
    linkable: bool = False
    unit: Amount | None = None
    time: Time | None = None


class Platform(Section):
    """One platform.

    Attributes:
        name: Its name in policies and reports; the file's, too.
        title: Its name for a person.
        source: Where this is known from.
        items: The list of articles in an order, as a dotted path, if there is one.
        lists: Other lists in an order, of which a row takes the first entry.
        ciphertext: How it encrypts.
        shapes: What its identifiers look like: whole values, in RE2.
        fields: Its fields, by dotted name.
        terms: What it lets shops do with its orders, as far as that is known.
    """

    version: Literal[1]
    name: str = Option(pattern="^[a-z][a-z0-9_]*$")
    title: str = Option(min_length=1)
    source: str = Option(min_length=1)
    items: str | None = None
    lists: tuple[str, ...] = ()
    ciphertext: tuple[Ciphertext, ...] = ()
    shapes: dict[str, str] = Option(default_factory=dict)
    fields: dict[str, Field] = Option(min_length=1)
    terms: tuple[Term, ...] = ()

    @model_validator(mode="after")
    def _known_forms(self) -> "Platform":
        from beam_deid.transforms.recognisers import RECOGNISERS

        for pattern in self.shapes.values():
            _compiled(pattern)
        there = {one.name for one in RECOGNISERS} | set(self.shapes)
        for name, spec in self.fields.items():
            unknown = sorted(set(spec.forms) - there)
            if unknown:
                known = ", ".join(sorted(there))
                raise ValueError(f"fields.{name}.forms: nothing is called {', '.join(unknown)}; there are {known}")
        return self

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The field of each name that a column may have, in small letters: its own, its last part, its other names."""
        found: dict[str, str] = {}
        for name, spec in self.fields.items():
            for other in (name, *spec.also):
                found.setdefault(other.lower(), name)
        for name in self.fields:
            found.setdefault(name.rpartition(".")[2].lower(), name)
        return found

    def field_of(self, column: str) -> str | None:
        """The field that a column is named after: by its whole name, or by the end of it from a dot on; None if none is."""
        rest = column.lower()
        while True:
            if rest in self.names:
                return self.names[rest]
            if "." not in rest:
                return None
            rest = rest.partition(".")[2]


def _compiled(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from None


@lru_cache(maxsize=1)
def platforms() -> Mapping[str, Platform]:
    """All platforms that come along, by name.

    Raises:
        UsageError: A file is wrong.
    """
    folder = resources.files("beam_deid.configs").joinpath("platforms")
    files = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yaml"))
    found = {}
    for name in files:
        one = read_platform(folder.joinpath(name).read_text("utf-8"), name)
        if f"{one.name}.yaml" != name:
            raise UsageError(f"the platform is called {one.name}", name, "Name the file after it")
        found[one.name] = one
    return found


def platform(name: str) -> Platform:
    """One platform.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in platforms():
        raise UsageError(f"no platform is called {name}", "platform", f"Choose one of {', '.join(platforms())}")
    return platforms()[name]


def read_platform(text: str, where: str) -> Platform:
    """Read and check one platform's file.

    Args:
        text: Its content.
        where: What to call it in messages.

    Raises:
        UsageError: It is not as it must be; the message names every key that is wrong.
    """
    try:
        content = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe one
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        raise UsageError("this is no YAML", f"{where}{line}", "Fix the file") from None
    try:
        return Platform.model_validate(content)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()]
        raise UsageError("; ".join(problems), where, "Fix the file") from None
