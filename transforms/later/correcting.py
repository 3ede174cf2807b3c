"""Records corrected in what a run published: their rows are replaced by new ones, which stand in a part of their own, the last."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.clock import now
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.dataset.published_rows import Published, written_keys
from beam_deid.transforms.dataset.recomputable import Recomputable, recomputable
from beam_deid.transforms.dataset.source_join import times
from beam_deid.transforms.dataset.source_proof import (
    TreatedAgain,
    as_of,
    find_made_by,
    open_proof,
    released_types,
    treat_again,
)
from beam_deid.transforms.dataset.source_records import told_rounds
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of_part
from beam_deid.transforms.label.amending import Change, MeasuredAgain, amended_label
from beam_deid.transforms.label.manifests_again import check_sound, read_manifests
from beam_deid.transforms.label.reports import Reports, no_reports
from beam_deid.transforms.later.by_source import ByKinds
from beam_deid.transforms.later.by_values import ByValues, values_of
from beam_deid.transforms.later.corrections import NUMBER, Corrections, record_of, treated
from beam_deid.transforms.later.of_tables import check_of_one_table
from beam_deid.transforms.later.parts import RewrittenParts, without_rows
from beam_deid.transforms.later.republishing import ChangedRelease, ToldRelease, ToldRun, left_alone, republish
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.risk.histogram import total
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.storage.amending import Amending, amending
from beam_deid.transforms.storage.journal import Moved
from beam_deid.transforms.storage.paths import absolute, join, name_of
from beam_deid.transforms.treat.part import Part

_UNSEEN = "rows were replaced, and only a new run counts the persons of all"
_PART = re.compile(r"part-([0-9]+)")


@dataclass(frozen=True)
class Correcting:
    """What somebody asks to have corrected.

    Attributes:
        policy: The policy that the outputs were made by.
        corrections: The corrected records.
        sources: Globs of the files that the outputs were made of; none where they are not at hand.
        by: Who asks, for ``run.json``.
        reports: Makes the reports of what changes.
    """

    policy: Policy
    corrections: Corrections
    sources: tuple[str, ...] = ()
    by: Mapping[str, Any] = field(default_factory=dict)
    reports: Reports = no_reports


@dataclass
class _Numbered:
    """Finds rows by their record's number as it is released, which are not yet as corrected, and remembers which were found.

    Attributes:
        values: What finds them.
        record: The column of the number.
        types: The type of each released column.
        corrected: The keys of the corrected rows, shape (n,).
        prints: The key of fingerprints.
        met: The numbers of the rows that were found, as text.
    """

    values: ByValues
    record: str
    types: Mapping[str, pa.DataType]
    corrected: Fingerprints
    prints: FingerprintKey
    met: list[pa.Array] = field(default_factory=list)

    @property
    def columns(self) -> Sequence[str]:
        """The released columns that it looks at."""
        return tuple(self.types)

    @property
    def by(self) -> str:
        """How it knows rows."""
        return self.values.by

    def found(self, batch: pa.RecordBatch, is_text: bool) -> Bools:
        """Which rows have one of the numbers and are not as corrected, shape (n,)."""
        keys = [written_keys(batch.column(name), given, self.prints, is_text) for name, given in self.types.items()]
        mask = self.values.found(batch, is_text) & ~np.isin(combine(keys, batch.num_rows), self.corrected)
        self.met.append(self.text(batch.column(self.record)).filter(pa.array(mask)))
        return mask

    def text(self, column: pa.Array) -> pa.Array:
        """Numbers as they are released, in one spelling."""
        clear = self.record in self.values.clear
        return identity_text(column, self.values.policy.kind(self.record)) if clear else canonical_text(column)

    def are_met(self, rows: pa.Table) -> Bools:
        """Which treated rows are of records that were found, shape (n,)."""
        met = pa.concat_arrays([pa.array([], pa.string()), *self.met])
        texts = self.text(rows.column(self.record).combine_chunks())
        return np.asarray(pc.is_in(texts, value_set=met).to_numpy(zero_copy_only=False))


@dataclass(frozen=True)
class _Alike:
    """Finds rows that are what the records were before they were corrected.

    Attributes:
        kinds: What finds them.
        numbers: The numbers of the records whose rows are in the release, shape (n,).
    """

    kinds: ByKinds
    numbers: pa.Array

    def are_met(self, rows: pa.Table) -> Bools:
        """Which treated rows are of records that are in the release, shape (n,)."""
        numbers = rows.column(NUMBER).combine_chunks()
        return np.asarray(pc.is_in(numbers, value_set=self.numbers).to_numpy(zero_copy_only=False))


def correct(asked: Correcting, output: str, announce: Callable[[], None]) -> ToldRun:
    """Correct records in what a run published, all of it or nothing.

    Args:
        asked: What is asked.
        output: The output of the run.
        announce: Called once it is known that these records can be found, before anything is changed.

    Raises:
        InputError: A corrected record cannot be treated.
        UsageError: There is no run, another policy made it, or in one of its releases these records cannot be found or made.
        VerificationError: It is not what was published.
        KeyFault: A key cannot be had.
        OutputError: It cannot be written.
    """
    with amending(output) as amend:
        return _corrected(asked, absolute(output), amend, announce)


def _corrected(asked: Correcting, output: str, amend: Amending, announce: Callable[[], None]) -> ToldRun:
    check_sound(output)
    manifests = read_manifests(output)
    at = now()
    found = [_release(asked, output, name, manifests.labels[name], amend.folder, at) for name in manifests.labels]
    announce()
    rows = {one.told.release: one.told.rows for one in found if isinstance(one, ChangedRelease)}
    return republish(
        asked.policy, output, amend, manifests, found, {"at": at, "corrected": rows, **asked.by}, asked.reports
    )


def _release(
    asked: Correcting, output: str, name: str, label: Mapping[str, Any], folder: str, at: str
) -> ToldRelease | ChangedRelease:
    alone = left_alone(name, label)
    if alone is not None:
        return alone
    check_of_one_table(output, name)
    published = find_made_by(asked.policy, [join(output, name)])
    again = _made_again(asked.corrections.prepared.job, published)
    levels = _levels(again, published)
    rows = treated(again.job, name, levels, asked.corrections.prepared.shards)
    kept = asked.policy.releases[name].output.formulas == "kept"
    numbered = values_of(again, name, asked.corrections.numbers)
    if numbered.values:
        types = released_types(again.job, name)
        keys = _row_keys(rows, types, again.job.prints, published)
        finder = _Numbered(numbered, record_of(asked.policy), types, keys, again.job.prints)
        parts = without_rows(published, finder, kept, folder)
        rows = rows.filter(pa.array(finder.are_met(rows)))
    else:
        alike = _alike(asked, published, levels)
        parts = without_rows(published, alike.kinds, kept, folder)
        rows = rows.filter(pa.array(alike.are_met(rows)))
    left = int(label["records"]["released"])
    by = numbered.by if numbered.values else ByKinds.by
    if not parts.rows:
        return ToldRelease(name, label["label"], left=left, by=by)
    return _replaced(
        published,
        parts,
        rows.drop_columns([NUMBER]),
        asked.policy,
        folder,
        at,
        ToldRelease(name, label["label"], parts.rows, left, by, not_measured=_UNSEEN),
    )


def _replaced(
    published: Published, parts: RewrittenParts, rows: pa.Table, policy: Policy, folder: str, at: str, told: ToldRelease
) -> ChangedRelease:
    """A release once its rows are replaced."""
    if rows.num_rows != parts.rows:
        raise InputError(
            f"the release {told.release} has {parts.rows:,} rows of {rows.num_rows:,} corrected records",
            published.where,
            "Run again with the corrected source if the release would withhold one now; else name the field of records (record:)",
        )
    moved = _write(published, rows, policy, folder)
    files = [*parts.files, {"path": name_of(moved.target), "rows": rows.num_rows, "sha256": moved.sha256}]
    change = Change(at, files, corrected=parts.rows)
    label = amended_label(published.label, change, MeasuredAgain(missing=_UNSEEN))
    return ChangedRelease(told, label, (*parts.moved, moved))


def _write(published: Published, rows: pa.Table, policy: Policy, folder: str) -> Moved:
    """Write corrected rows as a part behind all others."""
    names = [name_of(file.path) for file in published.files]
    numbers = [int(found[1]) for name in names if (found := _PART.match(name))]
    kind = format_of_part(names[0])
    assert kind is not None  # noqa: S101 - its rows were read
    described = kind.described(published.files[0].path)
    schema = rows.schema if described is None else described.schema
    options = policy.releases[published.release].output
    part = Part(folder, published.release, (1 + max(numbers, default=-1),), kind.name, schema, options)
    for batch in rows.select(schema.names).cast(schema).to_batches():
        part.write(batch)
    part.close()
    facts = part.facts
    return Moved(facts.source, f"{published.release}/{facts.path}", facts.size, facts.sha256)


def _made_again(job: Job, published: Published) -> Recomputable:
    """Which columns can be made of other records: all of them must be."""
    own = replace(
        job,
        releases=(published.release,),
        run=str(published.label["run"]),
        fingerprint_key=FingerprintKey.new(),
        as_of=as_of(published),
    )
    # A value that rests on its row's place is as good as any: the corrected record has another one.
    again = recomputable(own, published, same_files=True)
    _see_all(again, published)
    return again


def _see_all(again: Recomputable, published: Published) -> None:
    """See that all columns can be made again.

    Raises:
        UsageError: One cannot.
    """
    if again.missing:
        why = "; ".join(f"{name}: {reason}" for name, reason in again.missing.items())
        raise UsageError(
            f"rows of the release {published.release} cannot be made again ({why})",
            published.where,
            "Run it where the keys are; or run again with the corrected source",
        )


def _levels(again: Recomputable, published: Published) -> Mapping[str, int]:
    """The levels of a release, which are the same for all of its rows.

    Raises:
        UsageError: They are not.
    """
    rounds = told_rounds(again.job, published)
    if len(rounds) > 1:
        raise UsageError(
            f"records of the release {published.release} have levels of their own (search.rounds)",
            published.where,
            "Run again with the corrected source",
        )
    return rounds[0]


def _alike(asked: Correcting, published: Published, levels: Mapping[str, int]) -> _Alike:
    """What finds rows by what their records were.

    Raises:
        UsageError: Nobody knows what they were.
    """
    record = record_of(asked.policy)
    if not asked.sources:
        raise UsageError(
            f"no column of the release {published.release} shows which record a row is, so these records cannot be found",
            published.where,
            "Name the files that the run read, as they were, by --input",
        )
    opened = open_proof(asked.policy, [published.folder], asked.sources)
    again = treat_again(opened, 1)
    job = again.source.data.job
    _see_all(again.source.recomputable, published)
    numbers = asked.corrections.numbers.identities[record]
    old = treated(job, published.release, levels, opened.prepared.shards, numbers)
    released = released_types(job, published.release)
    types = {name: released[name] for name in again.source.joined}
    keys = _row_keys(old, types, job.prints, published)
    kinds, counts = total([(keys, np.ones(old.num_rows, np.int64))])
    there = _there(again, kinds, published)
    finder = ByKinds(list(types), types, job.prints, (kinds[there], counts[there]))
    met = pa.array(np.isin(keys, kinds[there]))
    return _Alike(finder, old.column(NUMBER).combine_chunks().filter(met))


def _there(again: TreatedAgain, kinds: Fingerprints, published: Published) -> Bools:
    """Which kinds of rows are in a release, shape (kinds,): all that the source gives of them.

    Raises:
        UsageError: Of one only some are.
    """
    source = again.source
    given = times(total([(source.keys(list(source.joined), again.levels), source.data.everything)]), kinds)
    released = times(again.kinds, kinds)
    if ((released > 0) & (released < given)).any():
        raise UsageError(
            "of some kinds of rows not all records of the source are released, so which to correct is not known",
            published.where,
            "Release the record's number, as a token, or run again with the corrected source",
        )
    return released > 0


def _row_keys(
    rows: pa.Table, types: Mapping[str, pa.DataType], prints: FingerprintKey, published: Published
) -> Fingerprints:
    """The key of each treated row by all its columns, as it is once it is written, shape (n,)."""
    keeps = published.keeps_empty_texts
    return combine([_print(rows.column(name).combine_chunks(), prints, keeps) for name in types], rows.num_rows)


def _print(column: pa.Array, prints: FingerprintKey, keeps_empty_texts: bool) -> Fingerprints:
    """The fingerprints of a column as it is in a part; a sheet has no empty texts."""
    if pa.types.is_string(column.type) and not keeps_empty_texts:
        column = pc.if_else(pc.equal(column, ""), None, column)
    return fingerprint(column, prints)
