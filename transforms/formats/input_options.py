"""How input files are written: the ``input`` section of a policy."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from beam_deid.transforms.columns.moment_patterns import format_problem
from beam_deid.transforms.columns.moments import zone_problem
from beam_deid.transforms.columns.text_escapes import Dress
from beam_deid.transforms.formats.encoding import canonical

# Keys joined by dots, from a record down.
Path = Annotated[str, Field(pattern=r"^[^.]+(?:\.[^.]+)*$")]


def _known_zone(zone: str) -> str:
    problem = zone_problem(zone)
    if problem:
        raise ValueError(problem)
    return zone


def _readable(written: str) -> str:
    problem = format_problem(written)
    if problem:
        raise ValueError(problem)
    return written


TimeZone = Annotated[str, Field(min_length=1), AfterValidator(_known_zone)]
"""Name of a zone in the tz database."""
TimeFormat = Annotated[str, AfterValidator(_readable)]
"""How dates and times of a field are written; see `beam_deid.transforms.columns.moment_patterns`."""


def _names_formats(schema: dict[str, Any]) -> None:
    """Describe the setting by the formats that there are; asked for when all of them are declared."""
    from beam_deid.transforms.formats import FORMATS

    flat = [one.name for one in FORMATS if not one.nests]
    *names, last = [*flat, *sorted(one.name for one in FORMATS if one.nests)]
    schema["description"] = f"{', '.join(names)} or {last}; by the file's name if not given"


def _nests(name: str) -> bool:
    """Whether records of a format hold lists and objects; those of an unknown one may, and it is told when a file is read."""
    from beam_deid.transforms.formats import FORMATS

    return all(one.nests for one in FORMATS if one.name == name)


class FillDown(BaseModel):
    """Orders over several lines: what stands on an order's first line alone holds for its other lines, too.

    Each file is read in its order, as one piece. A blank cell takes what stands above it in the same order; a cell that says
    something stays as it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str = Field(
        min_length=1,
        description="The column that says which order a row is of: rows one after another with equal values are of one. Where it "
        "is among the fields itself, a row in which it is blank is of the order above",
    )
    fields: tuple[str, ...] = Field(min_length=1, description="The columns that are filled where they are blank")

    @model_validator(mode="after")
    def _named_once(self) -> "FillDown":
        twice = [name for number, name in enumerate(self.fields) if name in self.fields[:number]]
        if twice:
            raise ValueError(f"fields names {twice[0]} twice; leave one")
        return self


class InputOptions(BaseModel):
    """How input files are written (``input:`` in a policy). What is not said is taken from the file's name.

    ``auto`` never looks at values to find types: those come from the policy's kinds alone. ``records``, ``items`` and
    ``fields`` speak of JSON (`beam_deid.transforms.formats.nesting`); other files are flat and are read as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str | None = Field(None, json_schema_extra=_names_formats)
    delimiter: str = Field(
        "auto",
        min_length=1,
        description="Delimited text: one or more characters, or auto: the one by which the rows have equal numbers of values",
    )
    quote: str = Field(
        '"', description="Delimited text: one character around values, or none: a quote is then a character like others"
    )
    escape: Literal["doubled", "backslash"] = Field(
        "doubled",
        description='Delimited text: how a quote is written in a quoted value, "" or \\", where a backslash is \\\\',
    )
    encoding: str = Field(
        "auto",
        description="utf-8, gb18030, big5, cp932, cp1252, utf-16 or another that Python has; auto: as the bytes show",
    )
    sheet: Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="Workbooks: name or number, from 1, of the sheet to read; the only one with anything in it if not given",
    )
    skip: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="Lines of text, or rows of a sheet, before the header; found where rows show them if not given",
    )
    header: tuple[str, ...] | None = Field(
        None, min_length=1, description="Text, workbooks: the columns' names, of a file that does not name them"
    )
    footer: int | None = Field(
        None,
        ge=0,
        le=1000,
        description="Text, workbooks: how many rows at the end are none; of text found where they stand apart if not given",
    )
    records: Path | None = Field(
        None,
        description="JSON: path to the list of records in each document or line, as data.order_list; "
        "or data.orders.* where they are the values of an object, whose keys are then the column *",
    )
    items: Path | None = Field(
        None, description="JSON: path, in a record, of the list that gives one row for each of its items, as item_list"
    )
    fields: dict[str, Path] = Field(
        default_factory=dict,
        description="JSON: path of a column, {mobile: receiver.mobile}; what is not named is called by its path",
    )
    nulls: tuple[str, ...] = Field(
        (), description="Texts that stand for nothing, each as a whole: [NULL, \\N, 0000-00-00]"
    )
    trim: bool | None = Field(
        None,
        description="Whether white space at both ends of texts is taken off; true for delimited text and workbooks if not given",
    )
    text_escapes: bool | None = Field(
        None,
        description='Whether spreadsheets\' escapes are taken off texts, as of ="0123"; true for delimited text and workbooks if '
        "not given",
    )
    decimal: Literal[".", ","] = Field(".", description="What stands before the fraction of a number")
    thousands: Literal["", ",", ".", " ", "'", "’", "_"] = Field(
        "", description="What stands between groups of three digits; a number with any is rejected if not given"
    )
    currency: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (), description="Signs that may stand beside a number, [$, EUR]; ¥ ￥ 元 CNY RMB are known"
    )
    timezone: TimeZone | None = Field(
        None, description="Zone of whose clocks times with an offset are told, Asia/Shanghai; UTC if not given"
    )
    combine: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Columns put together from others, with a space between: {division: [province, city, district]}",
    )
    ignore: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        (),
        description="Columns that are not read, by name or pattern (* and ? stand for any characters, [ab] for a or b): [ext_*]",
    )
    fill_down: FillDown | None = Field(
        None,
        description="Orders over several lines, whose cells are blank on all but the first: {by: Name, fields: [Email, City]}",
    )

    def dress(self, of_spreadsheets: bool, identifiers: bool = False) -> Dress:
        """What is taken off the texts of a column.

        Args:
            of_spreadsheets: Whether they are from a file that spreadsheets write.
            identifiers: Whether the column holds identifiers.
        """
        escapes = of_spreadsheets if self.text_escapes is None else self.text_escapes
        trim = of_spreadsheets if self.trim is None else self.trim
        return Dress(escapes, trim, identifiers)

    @field_validator("currency")
    @classmethod
    def _beside_numbers(cls, signs: tuple[str, ...]) -> tuple[str, ...]:
        if any(set(sign) & set("0123456789.,+-%") for sign in signs):
            raise ValueError("a currency is a sign or a word, without digits and what numbers are written with")
        return signs

    @model_validator(mode="after")
    def _separators_differ(self) -> "InputOptions":
        if self.thousands == self.decimal:
            raise ValueError(
                "thousands and decimal are the same; say what stands before fractions, and what between groups"
            )
        return self

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, name: str) -> str:
        if name != "auto":
            canonical(name)
        return name

    @field_validator("quote")
    @classmethod
    def _quote_is_one_byte(cls, quote: str) -> str:
        if quote != "none" and (len(quote) != 1 or not quote.isascii() or quote in "\r\n\0\\\x1f"):
            raise ValueError("quote is one ASCII character, or none where no value is quoted")
        return quote

    @field_validator("header")
    @classmethod
    def _names_are_different(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if names is not None and (len(set(names)) < len(names) or "" in names):
            raise ValueError("header names each column once; number those of one name, and name all")
        return names

    @model_validator(mode="after")
    def _marks_are_different(self) -> "InputOptions":
        if self.delimiter != "auto" and (self.quote in self.delimiter or set(self.delimiter) & set("\r\n\0\\\x1f")):
            raise ValueError(
                "delimiter has the quote, a backslash, or a character that ends lines; values cannot be told apart so"
            )
        if self.escape == "backslash" and self.quote in ("none", "\\"):
            raise ValueError("escape speaks of quotes in quoted values; leave it out where quote is none")
        return self

    @model_validator(mode="after")
    def _paths_go_together(self) -> "InputOptions":
        nested = [name for name in ("records", "items", "fields") if getattr(self, name)]
        if nested and self.format is not None and not _nests(self.format):
            raise ValueError(f"{nested[0]} is for JSON, and format says {self.format}; leave one out")
        seen: dict[str, str] = {}
        for name, path in self.fields.items():
            if path in seen:
                raise ValueError(f"fields gives the path {path} two names, {seen[path]} and {name}; leave one")
            seen[path] = name
            if self.items is not None and self.items.startswith(f"{path}."):
                raise ValueError(f"the items lie inside {path}, so that fields cannot make a column of it")
        for name, parts in self.combine.items():
            if len(parts) < 2 or len(set(parts)) < len(parts):
                raise ValueError(f"combine.{name} needs two different columns at least")
            if any(part in self.combine for part in parts):
                raise ValueError(f"combine.{name} is made of a combined column; name columns of the file")
        return self


AS_THEY_LOOK = InputOptions()
"""Files of which nobody says how they are written."""
