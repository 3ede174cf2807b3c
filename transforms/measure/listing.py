"""Which records have values that are on a list of sensitive ones, and which fields these values are in."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import encoded, is_text
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.sensitive_values import matcher_of
from beam_deid.transforms.recognisers.categories.matching import Bits
from beam_deid.transforms.run.layout import Layout

Listed = Counter[tuple[str, str]]
"""Values that are on a list, by (field, list): distinct ones, as far as they were held together."""

_KNOWN = 1 << 14
"""Most values of a field on a list that are kept, so that each counts once."""


class Listing:
    """Looks up the released values of a part of the input.

    Args:
        policy: The policy, which may have lists of its own.
        layout: The release.
    """

    def __init__(self, policy: Policy, layout: Layout) -> None:
        self._layout = layout
        self._matcher = matcher_of(policy.sensitive_values) if layout.listed else None
        self._seen: dict[str, pa.Array] = {}
        self.hits: Listed = Counter()

    def of(self, treated: Mapping[str, pa.Array]) -> Bits:
        """The lists that the values of each record are on, shape (n,), and count the values.

        Fields whose level is open are counted by their finest labels; what is released of them follows from their level.

        Args:
            treated: The fields of some records, each of shape (n,).
        """
        together = None
        for name in self._layout.listed:
            bits = self._bits(name, treated[name])
            if name not in self._layout.open:
                together = bits if together is None else together | bits
        rows = len(next(iter(treated.values())))
        return np.zeros(rows, np.uint64) if together is None else together

    def _bits(self, name: str, column: pa.Array) -> Bits:
        assert self._matcher is not None  # noqa: S101 - there is one where a field is listed
        if not is_text(column.type):
            return np.zeros(len(column), np.uint64)
        codes, values = encoded(column)
        bits = self._matcher.bits(values)
        self._count(name, values, bits)
        places = codes.fill_null(len(bits)).to_numpy(zero_copy_only=False)
        return np.asarray(np.append(bits, np.uint64(0))[places])

    def _count(self, name: str, values: pa.Array, bits: Bits) -> None:
        """Count the values (n,) that are on a list and were not counted yet."""
        found = np.flatnonzero(bits)
        if not len(found):
            return
        some = values.take(pa.array(found))
        known = self._seen.get(name, some.slice(0, 0))
        fresh = np.flatnonzero(pc.is_in(some, value_set=known).to_numpy(zero_copy_only=False) == 0)
        if not len(fresh):
            return
        if len(known) < _KNOWN:
            self._seen[name] = pa.concat_arrays([known, some.take(pa.array(fresh))])
        assert self._matcher is not None  # noqa: S101 - as above
        own = bits[found[fresh]]
        for place, listed in enumerate(self._matcher.names):
            count = int(np.count_nonzero(own & np.uint64(1 << place)))
            if count:
                self.hits[name, listed] += count
