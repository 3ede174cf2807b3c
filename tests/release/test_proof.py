"""What was written is compared with what was decided: any count that differs stops the run."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.pieces import Pieces
from beam_deid.transforms.release.proof import prove

from ..kit.small import IN_ORDER, SHUFFLED, table, two_releases
from ..kit.without_engine import decided_on, released


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    """The decision on the release that is shuffled, and the facts of its parts."""
    folder = tmp_path_factory.mktemp("proof")
    prepared, decision = decided_on(table(), two_releases(), folder)
    facts = released(prepared, decision, folder / "staging")
    return decision.releases[SHUFFLED], facts.releases[SHUFFLED]


def one_more(proof):
    return replace(proof, records=proof.records + 1)


def other_values(proof):
    return replace(proof, values=proof.values ^ 1)


def other_persons(proof):
    return replace(proof, persons=proof.persons ^ 1)


def longer(files):
    return [replace(files[0], rows=files[0].rows + 1), *files[1:]]


def test_what_was_written_is_what_was_decided(proved):
    decision, facts = proved
    assert decision.shuffled
    prove(decision, facts)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("proof", one_more),
        ("proof", other_values),
        ("proof", other_persons),
        ("files", longer),
        ("read", lambda count: count + 1),
        ("suppressed", lambda count: count + 1),
        ("rejected", lambda count: count + 1),
    ],
    ids=["a count", "values", "persons", "rows of a part", "read", "suppressed", "rejected"],
)
def test_a_count_that_changed_between_the_passes_stops_the_run(proved, what, change):
    decision, facts = proved
    with pytest.raises(InternalFault, match="The input may have changed") as raised:
        prove(decision, replace(facts, **{what: change(getattr(facts, what))}))
    assert SHUFFLED in str(raised.value)


def replaced_at(batch, place, values):
    """The batch with other values in the first row of a column."""
    column = batch.column(place)
    mask = pa.array([True, *[False] * (len(column) - 1)])
    return batch.set_column(place, batch.schema.field(place), pc.replace_with_mask(column, mask, values.slice(0, 1)))


def one_changed(batch):
    return replaced_at(batch, 0, batch.column(0).filter(pc.not_equal(batch.column(0), batch.column(0)[0])))


def one_missing(batch):
    return batch.slice(1)


def one_doubled(batch):
    return pa.concat_batches([batch, batch.slice(0, 1)])


def one_instead_of_another(batch):
    """As many rows as before: one is doubled, and another, that differs, is missing."""
    other = pc.index(pc.not_equal(batch.column(0), batch.column(0)[0]), True).as_py()
    return pa.concat_batches([batch.slice(0, other), batch.slice(0, 1), batch.slice(other + 1)])


def two_swapped(batch):
    """Two rows that differ in both columns have swapped their values of one: every column holds what it held."""
    differing = pc.and_(*(pc.not_equal(column, column[0]) for column in batch.columns[:2]))
    other = pc.index(differing, True).as_py()
    order = list(range(batch.num_rows))
    order[0] = other
    order[other] = 0
    return batch.set_column(0, batch.schema.field(0), batch.column(0).take(pa.array(order)))


CHANGES = [one_changed, one_missing, one_doubled, one_instead_of_another, two_swapped]


@pytest.mark.parametrize("change", CHANGES)
def test_rows_that_changed_on_their_way_into_a_part_are_found(change, tmp_path, monkeypatch):
    prepared, decision = decided_on(table(), two_releases(), tmp_path)
    write = Pieces.write
    monkeypatch.setattr(Pieces, "write", lambda self, made: write(self, changed(made, change)))
    facts = released(prepared, decision, tmp_path / "staging")
    with pytest.raises(InternalFault, match="the values written are not those"):
        prove(decision.releases[SHUFFLED], facts.releases[SHUFFLED])


def changed(made, change):
    batch = change(made.batch)
    return replace(made, batch=batch, quota=np.full(batch.num_rows, -1))


@pytest.mark.parametrize("release", [SHUFFLED, IN_ORDER])
@pytest.mark.parametrize("change", CHANGES)
def test_an_input_that_changed_between_the_passes_is_found(change, release, tmp_path):
    prepared, decision = decided_on(table(), two_releases(), tmp_path)
    batch = table().combine_chunks().to_batches()[0]
    other = change(batch.select(["city", "item", "age", "buyer"]))
    pq.write_table(pa.table(other), tmp_path / "in.parquet")
    facts = released(prepared, decision, tmp_path / "staging")
    with pytest.raises(InternalFault, match="The input may have changed"):
        prove(decision.releases[release], facts.releases[release])
