"""Which rows of a release are re-identified: by token, by row, by what their columns say, or all of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.format import Chunk

_WHERE = "reidentify"


@dataclass(frozen=True)
class Selection:
    """What rows must be to be re-identified. Of what is named of one kind one is enough, but every condition must hold.

    Attributes:
        everything: Whether all rows are; then nothing else is named.
        tokens: Values as the release has them, of which a row must have one in some field that is asked for.
        conditions: Columns, and the text that each must be.
        rows: Numbers of rows as reports call them: see `beam_deid.transforms.formats.format.reported`.
    """

    everything: bool = False
    tokens: tuple[str, ...] = ()
    conditions: tuple[tuple[str, str], ...] = ()
    rows: tuple[int, ...] = ()

    def check(self) -> None:
        """See that it is said which rows.

        Raises:
            UsageError: Nothing is named, or all rows and some.
        """
        named = bool(self.tokens or self.conditions or self.rows)
        if not named and not self.everything:
            what = "no rows are named to re-identify"
            raise UsageError(what, _WHERE, "Name them by --token, --tokens-from, --where or --row; or say --all")
        if named and self.everything:
            raise UsageError("--all is every row, and some are named as well", _WHERE, "Leave --all out, or the others")

    def check_columns(self, names: Sequence[str], files: int) -> None:
        """See that the columns are there, and that a row's number says which row.

        Args:
            names: The release's columns.
            files: How many files are read.

        Raises:
            UsageError: A column is not there, or a row is named and there are several files.
        """
        for name, _ in self.conditions:
            if name not in names:
                raise UsageError(f"there is no column {name}", "--where", f"It has: {', '.join(names)}")
        if self.rows and files > 1:
            what = f"a row's number says not in which of {files:,} files"
            raise UsageError(what, "--row", "Name the one file by --input")

    def to_document(self) -> dict[str, object]:
        """What the record of re-identifications says of it: no value and no token."""
        if self.everything:
            return {"all": True}
        return {
            "tokens": len(self.tokens),
            "where": [name for name, _ in self.conditions],
            "rows": list(self.rows),
        }


@dataclass
class Selecting:
    """Selects rows, and remembers what of the selection was found.

    Attributes:
        selection: What is asked.
        fields: The fields in which tokens are looked for.
        selected: How many rows were selected.
    """

    selection: Selection
    fields: Sequence[str]
    selected: int = 0
    _tokens: set[str] = field(default_factory=set)
    _rows: set[int] = field(default_factory=set)

    def of(self, chunk: Chunk) -> Chunk:
        """The rows of a chunk that are selected. A row that could not be read is if its number is named, for no more is known."""
        if self.selection.everything:
            return self._counted(chunk)
        mask = self._mask(chunk)
        named = [fault._replace(rows=fault.rows[self._by_number(fault.rows, chunk.above)]) for fault in chunk.faults]
        faults = [fault for fault in named if len(fault.rows)]
        return self._counted(Chunk(chunk.batch.filter(pa.array(mask)), chunk.rows[mask], faults, chunk.above))

    def _counted(self, chunk: Chunk) -> Chunk:
        unread = np.unique(np.concatenate([fault.rows for fault in chunk.faults])) if chunk.faults else ()
        self.selected += len(chunk.rows) + len(unread)
        return chunk

    def _mask(self, chunk: Chunk) -> npt.NDArray[np.bool_]:
        """Which rows are selected, shape (n,)."""
        mask = np.ones(len(chunk.rows), bool)
        if self.selection.tokens:
            mask &= self._having_tokens(chunk.batch)
        for name, text in self.selection.conditions:
            mask &= _bools(pc.equal(canonical_text(chunk.batch.column(name)), text))
        if self.selection.rows:
            mask &= self._by_number(chunk.rows, chunk.above)
        return mask

    def _having_tokens(self, batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        mask = np.zeros(batch.num_rows, bool)
        wanted = pa.array(self.selection.tokens, pa.string())
        for name in self.fields:
            texts = canonical_text(batch.column(name))
            found = pc.is_in(texts, wanted)
            self._tokens.update(pc.unique(texts.filter(found)).to_pylist())
            mask |= _bools(found)
        return mask

    def _by_number(self, rows: npt.NDArray[np.int64], above: int) -> npt.NDArray[np.bool_]:
        numbers = rows + above + 1
        found = np.isin(numbers, self.selection.rows)
        self._rows.update(numbers[found].tolist())
        return found

    def check_any(self) -> None:
        """See that anything was selected.

        Raises:
            InputError: Nothing was.
        """
        if not self.selected and not self.selection.everything:
            raise InputError(
                "no row matches what was asked for", _WHERE, "Check the tokens, the conditions and --input"
            )

    @property
    def missed(self) -> tuple[str, ...]:
        """What was asked for and is in no row, in sentences without a token."""
        found = []
        tokens = len(set(self.selection.tokens) - self._tokens)
        if tokens:
            found.append(f"{tokens:,} of {len(set(self.selection.tokens)):,} tokens are in no row that was read")
        rows = sorted(set(self.selection.rows) - self._rows)
        if rows:
            found.append(f"there is no row {rows[0]:,}" if len(rows) == 1 else f"{len(rows):,} rows are not there")
        return tuple(found)


def _bools(mask: pa.Array) -> npt.NDArray[np.bool_]:
    """A mask, shape (n,), false where it is null."""
    found: npt.NDArray[np.bool_] = mask.fill_null(False).to_numpy(zero_copy_only=False)
    return found
