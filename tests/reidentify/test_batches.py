"""Released values turned back for who holds the key, batch by batch, without a file."""

import numpy as np
import pyarrow as pa
import pytest

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.format import Chunk
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.reidentify.batches import Reidentifier, reversible_fields
from beam_deid.transforms.terms import Reason

from ..kit.fixed_keys import FixedKeys
from ..kit.small import IN_ORDER, SHUFFLED, two_releases

POLICY = policy_from_mapping(two_releases(), key_given=True)
BUYERS = ["u1", "u2", None, "u1"]


def tokens(keys) -> pa.Array:
    """What the release gives out for the buyers."""
    action = POLICY.releases[IN_ORDER].fields["buyer"]
    return action.bind(POLICY.target(IN_ORDER, "buyer"), keys)(pa.array(BUYERS), None).values


def restored(given: pa.Array, keys, rows=None):
    rows = np.arange(len(given)) + 100 if rows is None else rows
    batch = pa.record_batch({"buyer": given, "age": pa.array(range(len(given)))})
    reidentifier = Reidentifier(POLICY, IN_ORDER, ["buyer"], keys)
    return reidentifier.reidentify(Chunk(batch, rows, []), reidentifier.ready({}, "a test"))


def test_tokens_are_the_values_that_they_were_made_of_under_the_same_key():
    batch, faults = restored(tokens(FixedKeys()), FixedKeys())
    assert batch.column("buyer").to_pylist() == BUYERS
    assert batch.column("age").to_pylist() == [0, 1, 2, 3]
    assert not [row for fault in faults for row in fault.rows.tolist()]


def test_rows_whose_token_was_changed_are_set_apart_with_their_number():
    given = tokens(FixedKeys()).to_pylist()
    given[1] = given[1][:-2] + ("AA" if given[1][-2:] != "AA" else "BB")
    batch, faults = restored(pa.array(given), FixedKeys())
    assert batch.column("buyer").to_pylist() == ["u1", None, "u1"]
    assert [(fault.rows.tolist(), fault.field) for fault in faults if len(fault.rows)] == [([101], "buyer")]
    assert all(isinstance(fault.reason, Reason) for fault in faults)


def test_a_row_is_set_apart_by_its_place_even_where_another_bears_its_number():
    given = tokens(FixedKeys()).to_pylist()
    given[1] = given[1][:-2] + ("AA" if given[1][-2:] != "AA" else "BB")
    batch, faults = restored(pa.array(given), FixedKeys(), rows=np.array([7, 7, 8, 9]))
    assert batch.column("buyer").to_pylist() == ["u1", None, "u1"]
    assert [fault.rows.tolist() for fault in faults if len(fault.rows)] == [[7]]


def test_only_fields_that_a_key_turns_back_can_be():
    assert reversible_fields(POLICY, IN_ORDER) == ("buyer",)
    assert reversible_fields(POLICY, SHUFFLED) == ()
    with pytest.raises(UsageError, match=r"age cannot be re-identified.*These fields can: buyer"):
        Reidentifier(POLICY, IN_ORDER, ["age"], FixedKeys())
