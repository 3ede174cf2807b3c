"""What files say of themselves before they are read: their columns, which differ from file to file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa

from beam_deid.transforms.errors import EmptyFile, InputError, PolicyError, UsageError
from beam_deid.transforms.formats import format_of, passed_over, plain_format_of
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.passed_over import PassedOver
from beam_deid.transforms.label.scope import NotRead
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.policy.columns import in_files, lacking, unnamed
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.nearest import shown as name_shown
from beam_deid.transforms.policy.scoping import patterns_told
from beam_deid.transforms.recognisers.in_names import scan_names
from beam_deid.transforms.storage.files import InputFile
from beam_deid.transforms.storage.partitions import without_values
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.terms import Role

_FEW = 3
NO_ROW = "there is no row in the input"
"""What is said of files of which not one has a row."""
NO_ROW_STEP = "Check --input: a release of no row would say nothing"
"""What to do then."""


@dataclass(frozen=True)
class Head:
    """A file before it is read.

    Attributes:
        file: The file.
        schema: Its columns.
        heads: Whether a file of its format names all its columns before its rows; else each row names its own.
    """

    file: InputFile
    schema: pa.Schema
    heads: bool

    @property
    def told(self) -> str:
        """The file as reports call it."""
        return self.file.told or shown(self.file.path)

    def lacks(self, policy: Policy) -> tuple[str, ...]:
        """The fields that are null in the whole file, for it has no column of them. What a row may still name is none of these."""
        return lacking(policy, {*self.schema.names}) if self.heads else ()


@dataclass(frozen=True)
class Heads:
    """All files before they are read.

    Attributes:
        files: The files in which something stands, in their order.
        empty: The others, as reports call them.
    """

    files: tuple[Head, ...]
    empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """How files differ from each other, and what of them is not read.

    Attributes:
        ignored: Columns that are passed over, as the policy says, in the order of their names.
        lacking: How many files lack an optional column, by its name; only columns that some file lacks.
        empty: Files in which nothing stands, not even a row.
        files: How many files there are.
        passed: Files of which something is passed over, and what.
    """

    ignored: tuple[str, ...] = ()
    lacking: tuple[tuple[str, int], ...] = ()
    empty: tuple[str, ...] = ()
    files: int = 0
    passed: tuple[tuple[str, PassedOver], ...] = ()

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The columns that are passed over and may be named: where a name looks like an identifier, it may be a value."""
        telling = {name for name, _ in scan_names(self.ignored)}
        return tuple(name for name in self.ignored if name not in telling)

    @property
    def unnamed(self) -> int:
        """How many others are passed over."""
        return len(self.ignored) - len(self.named)

    def not_read(self, policy: Policy) -> NotRead:
        """What a label says of the columns that are passed over."""
        return NotRead(patterns_told(policy), self.named, self.unnamed)

    def to_document(self) -> dict[str, Any]:
        """What there is, as plain values."""
        found: dict[str, Any] = {
            "ignored": list(self.named),
            "ignored_unnamed": self.unnamed,
            "lacking": dict(self.lacking),
            "empty": list(self.empty),
        }
        if self.passed:
            found["passed_over"] = {file: passed.to_document() for file, passed in self.passed}
        return {name: value for name, value in found.items() if value}

    def told(self) -> Iterator[str]:
        """The same for a person, a sentence each without a full stop."""
        if self.ignored:
            yield f"not read, as input.ignore says: {self._ignored_told()}"
        for file, passed in self.passed:
            yield passed.told(file)
        if self.lacking:
            yield self._lacking_told()
        if self.empty:
            have = "has" if len(self.empty) == 1 else "have"
            yield f"{len(self.empty)} of {self.files} files {have} no row: {in_files(self.empty)}"

    def _ignored_told(self) -> str:
        """The columns that are passed over; of those that may not be named how many there are."""
        named = ", ".join(map(name_shown, self.named))
        if not self.unnamed:
            return named
        some = "1 column whose name looks like an identifier"
        many = f"{self.unnamed} columns whose names look like identifiers"
        unnamed = some if self.unnamed == 1 else many
        return f"{named}, and {unnamed}" if named else unnamed

    def _lacking_told(self) -> str:
        """The optional columns that files lack, in one sentence; of many the first ones."""
        name, files = self.lacking[0]
        who = self._lack(files)
        if len(self.lacking) == 1:
            return f"{who} the optional column {name_shown(name)}, which is null there"
        first = self.lacking[:_FEW]
        one_share = all(count == files for _, count in self.lacking)
        told = [name_shown(name) + ("" if one_share else f" (by {count})") for name, count in first]
        more = ", …" if len(self.lacking) > _FEW else ""
        who = who if one_share else f"some of {self.files} files lack"
        return f"{who} {len(self.lacking)} optional columns, which are null there: {', '.join(told)}{more}"

    def _lack(self, files: int) -> str:
        """So many of the files, and that they lack something."""
        if self.files == 1:
            return "the file lacks"
        return f"1 of {self.files} files lacks" if files == 1 else f"{files} of {self.files} files lack"


def read_heads(policy: Policy, matched: Sequence[InputFile]) -> Heads:
    """Read the head or the footer of each file. Those in which nothing stands are passed over.

    Raises:
        InputError: A file cannot be read, or nothing stands in any.
    """
    files: list[Head] = []
    empty: list[EmptyFile] = []
    told: list[str] = []
    hidden = [name for name, spec in policy.fields.items() if spec.has(Role.DIRECT) or spec.has(Role.SENSITIVE)]
    for matching in matched:
        file = replace(matching, told=without_values(matching.told or shown(matching.path), hidden))
        try:
            files.append(_head(policy, file))
        except EmptyFile as error:
            empty.append(error)
            told.append(file.told)
    if not files:
        raise empty[0] if len(empty) == 1 else no_row(told)
    return Heads(tuple(files), tuple(told))


def _head(policy: Policy, file: InputFile) -> Head:
    if file.size == 0:
        raise EmptyFile("the file is empty", shown(file.path), "Leave it out")
    check_numbers(file.path, policy.input)
    schema = format_of(file.path, policy.input, file.partitions).schema(file.path, policy.input)
    NAMES.add(schema.names)
    return Head(file, schema, plain_format_of(file.path, policy.input).heads)


def check_numbers(path: str, options: InputOptions) -> None:
    """See that it is not said how numbers are written in a file whose numbers are no text.

    Raises:
        UsageError: It is.
    """
    if plain_format_of(path, options).notation.has_numbers and (options.decimal, options.thousands) != (".", ""):
        raise UsageError(
            "numbers are numbers in this file, whatever is written between their digits elsewhere",
            shown(path),
            "Leave input.decimal and input.thousands out; if the file is text, set input.format: csv",
        )


def no_row(files: Sequence[str]) -> InputError:
    """The error that there is nothing to release in some files."""
    return InputError(NO_ROW, in_files(files), NO_ROW_STEP)


def types_of(policy: Policy, heads: Heads) -> dict[str, pa.DataType]:
    """The type of each column that is read, which is that of all files in which it is not null throughout.

    Raises:
        PolicyError: Two files have a column of no kind in different types.
    """
    types: dict[str, pa.DataType] = {}
    differing: dict[str, list[str]] = {}
    ignored = Ignored(policy.input.ignore)
    for head in heads.files:
        for name in ignored.without(head.schema.names):
            own = head.schema.field(name).type
            given = types.setdefault(name, own)
            if pa.types.is_null(given):
                types[name] = own
            elif own != given and not pa.types.is_null(own) and policy.kind(name) is None:
                differing.setdefault(name, []).append(head.told)
    if differing:
        raise PolicyError.from_problems(_of_another_type(differing, len(heads.files)))
    return types


def _of_another_type(differing: dict[str, list[str]], files: int) -> Iterator[str]:
    for name, told in differing.items():
        if len(told) == 1:
            yield f"{told[0]}: {name}: this file has another type than the first; give the field a kind"
        else:
            yield f"{name}: {len(told)} of {files} files have another type than the first: {in_files(told)}; give the field a kind"


def found_in(policy: Policy, heads: Heads, shards: Sequence[Shard]) -> Found:
    """How the files of a run differ, and what of them is not read.

    Args:
        policy: The policy.
        heads: The files.
        shards: Their shards; a file without any has no row.
    """
    strange = {name for head in heads.files for name in unnamed(policy, head.schema.names)}
    absent = Counter(name for head in heads.files for name in lacking(policy, {*head.schema.names}))
    cut = {shard.path for shard in shards}
    without = [head.told for head in heads.files if head.file.path not in cut]
    return Found(
        ignored=tuple(sorted(strange)),
        lacking=tuple((name, absent[name]) for name in policy.fields if name in absent),
        empty=(*heads.empty, *without),
        files=len(heads.files) + len(heads.empty),
        passed=tuple((head.told, passed) for head in heads.files if (passed := passed_over.said(head.schema))),
    )
