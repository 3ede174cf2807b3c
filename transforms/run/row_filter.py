"""The row filter of a release, bound to the types that the run's columns have."""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.numbers import is_ordered
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.where import Condition, Scalar, as_time, is_bare_date, read_values

Test = Callable[[pa.Array], pa.Array]
"""A column (n,) to a boolean one (n,), never null."""


@dataclass(frozen=True)
class RowFilter:
    """What the records of a release must meet.

    Attributes:
        tests: A test of each field that the release names under ``where``.
    """

    tests: Mapping[str, Test]

    @classmethod
    def of(cls, policy: Policy, release: str, type_of: Callable[[str], pa.DataType]) -> "RowFilter":
        """The filter of a release.

        Args:
            policy: The policy.
            release: The release.
            type_of: The type that a field has once it is read.

        Raises:
            PolicyError: A value cannot be compared with what the files hold.
        """
        where = policy.releases[release].where
        made = {}
        for field, condition in where.items():
            place = f"releases.{release}.where.{field}"
            made[field] = _Maker(policy, field, type_of(field), place).test(condition)
        return cls(made)

    def met(self, columns: Mapping[str, pa.Array], rows: int) -> Bools:
        """Which of some records meet all conditions, shape (rows,)."""
        met = np.ones(rows, np.bool_)
        for field, test in self.tests.items():
            met &= np.asarray(test(plain(columns[field])).to_numpy(zero_copy_only=False))
        return met


@dataclass(frozen=True)
class _Maker:
    """Makes the test of one field."""

    policy: Policy
    field: str
    type: pa.DataType
    place: str

    def test(self, condition: Condition) -> Test:
        if condition.null is not None:
            wanted = condition.null
            return lambda column: pc.equal(pc.is_null(column), wanted)
        if condition.any is not None:
            return self._among(condition.any)
        return self._within(condition)

    def _among(self, values: tuple[Scalar, ...]) -> Test:
        there = tuple(value for value in values if value is not None)
        if pa.types.is_timestamp(self.type) and any(map(is_bare_date, there)):
            raise PolicyError(
                f"a value under where is a day, and {self.field} has times",
                self.place,
                "Write {from: DAY, to: DAY} for all of it",
            )
        with_null = len(there) < len(values)
        wanted = self._typed(there) if there else pa.nulls(0, self.type)
        return lambda column: pc.or_(
            pc.is_in(column, value_set=wanted), pc.and_(pc.is_null(column), pa.scalar(with_null))
        )

    def _within(self, condition: Condition) -> Test:
        if not is_ordered(self.type):
            raise PolicyError(
                f"{self.field} is {self.type}, which has no order", self.place, "Declare its kind, or name its values"
            )
        compare = {"from": pc.greater_equal, "to": pc.less_equal, "below": pc.less}
        bounds = [(compare[name], self._typed((value,))[0]) for name, value in condition.bounds.items()]
        if pa.types.is_timestamp(self.type) and is_bare_date(condition.to):
            # All of that day: its first moment would lose the others.
            bounds[-1] = (pc.less, self._next_day(bounds[-1][1]))

        def test(column: pa.Array) -> pa.Array:
            met = pc.is_valid(column)
            for function, bound in bounds:
                met = pc.and_(met, function(column, bound).fill_null(False))
            return met

        return test

    def _next_day(self, day: pa.Scalar) -> pa.Scalar:
        return pc.add(day, pa.scalar(datetime.timedelta(days=1), pa.duration(self.type.unit)))

    def _typed(self, values: tuple[Scalar, ...]) -> pa.Array:
        if pa.types.is_temporal(self.type):
            values = tuple(map(as_time, values))
        read, wrong = read_values(values, self.policy.reading(self.field))
        if wrong is None:
            try:
                return read.cast(self.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                pass
        raise PolicyError(
            f"a value under where cannot be one of {self.field}, which is {self.type} in the files",
            self.place,
            "Write it as the files do, or declare the field's kind",
        )
